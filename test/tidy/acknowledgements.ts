/**
 * Persist before you speak, as far as a text shows it: a learner's acknowledgements are written in
 * places of their own, and those are entered from completion handlers of the disk alone. The one
 * exception promises nothing new: ACKEPOCH with -1, of an epoch that is on disk since long.
 */

import { lineAt, type Source } from './sources.ts';

const SPOKEN = /\bsend(?:Range)?\(\s*PacketType\.ACK(?:EPOCH)?\b/g;
/** Where they may be spoken: a method `#sendAck...`, or the function that a field `#ack` holds. */
const SPEAKER = /^#sendAck/;
const FIELD = /this\.#ack = [^;]*$/;
const ENTERED = /this\.#sendAck\w*\((?!-1\))|this\.#ack\b(?! =)/g;
const COMPLETION = /^(?:onStored|onSynced)$/;
/** A member of a class, as the formatter writes it. */
const MEMBER = /^ {2}(?:(?:static|async|get|set) )?(#?\w+)\(/gm;

/** `path:line` of each acknowledgement, and whether it stands where it may. */
export function acknowledgements(source: Source): { place: string; lawful: boolean }[] {
  const { path, text } = source;
  const spoken = [...text.matchAll(SPOKEN)].map(({ index }) => {
    const before = text.slice(0, index);
    return { index, lawful: SPEAKER.test(memberAt(text, index)) || FIELD.test(before) };
  });
  const entered = [...text.matchAll(ENTERED)].map(({ index }) => {
    return { index, lawful: COMPLETION.test(memberAt(text, index)) };
  });
  return [...spoken, ...entered].map(({ index, lawful }) => {
    return { place: `${path}:${lineAt(text, index)}`, lawful };
  });
}

function memberAt(text: string, index: number): string {
  let name = '';
  for (const match of text.slice(0, index).matchAll(MEMBER)) name = match[1] ?? '';
  return name;
}
