/**
 * UTF-8 in and out of byte ranges. Reading replaces every ill-formed sequence by U+FFFD, one for
 * each maximal part of a sequence, as Java and the WHATWG do; writing replaces a lone surrogate the
 * same way and emits standard UTF-8 where Java would emit surrogate pairs (client-protocol.md 1).
 * Node's native slices are used where the runtime has them, found through a minimal type of our
 * own, because this floor may not depend on Node; the code below them is complete without.
 */

interface NativeText {
  latin1Slice(this: Uint8Array, start: number, end: number): string;
  utf8Slice(this: Uint8Array, start: number, end: number): string;
  utf8Write(this: Uint8Array, text: string, position: number, bytesMax: number): number;
}

const native: NativeText | null = findNative();

/** Up to this length strings are built from character codes, bytes: no native call is cheaper. */
const CODES_BYTES_MAX = 4;
/** Up to this length a scan for plain ASCII pays off before the native decoder, bytes. */
const SCAN_BYTES_MAX = 24;
/** Up to this length strings are written by a loop, UTF-16 units. */
const LOOP_UNITS_MAX = 24;

const REPLACEMENT = 0xfffd;

export function utf8Decode(bytes: Uint8Array, start: number, end: number): string {
  const length = end - start;
  if (native === null) return utf8DecodePortable(bytes, start, end);
  if (length > SCAN_BYTES_MAX) return native.utf8Slice.call(bytes, start, end);
  let all = 0;
  for (let index = start; index < end; index++) all |= bytes[index] as number;
  if (all >= 0x80) return native.utf8Slice.call(bytes, start, end);
  if (length > CODES_BYTES_MAX) return native.latin1Slice.call(bytes, start, end);
  let text = '';
  for (let index = start; index < end; index++) text += String.fromCharCode(bytes[index] as number);
  return text;
}

/** Bytes that `utf8Write` would write. */
export function utf8Length(text: string): number {
  let length = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    length += unit < 0x800 ? 1 : 2;
    // A pair takes four bytes: three for the first unit, one for the second.
    if (unit >= 0xd800 && unit < 0xdc00 && isLowSurrogate(text.charCodeAt(index + 1))) index++;
  }
  return length;
}

/** Writes at `position`, where `utf8Length` bytes must be free; returns the bytes written. */
export function utf8Write(target: Uint8Array, position: number, text: string): number {
  const length = text.length;
  if (length > LOOP_UNITS_MAX && native !== null) {
    return native.utf8Write.call(target, text, position, target.length - position);
  }
  for (let index = 0; index < length; index++) {
    const unit = text.charCodeAt(index);
    if (unit >= 0x80) return index + utf8WriteFrom(target, position + index, text, index);
    target[position + index] = unit;
  }
  return length;
}

/** The text's bytes in an array of their own: for cold paths, where no buffer is at hand. */
export function utf8Encode(text: string): Uint8Array {
  const bytes = new Uint8Array(utf8Length(text));
  utf8Write(bytes, 0, text);
  return bytes;
}

/** The complete decoder in plain JavaScript, for runtimes without native slices. */
export function utf8DecodePortable(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  let index = start;
  while (index < end) {
    const lead = bytes[index] as number;
    index++;
    if (lead < 0x80) {
      text += String.fromCharCode(lead);
      continue;
    }
    let missing = sequenceTail(lead);
    let point = missing === 0 ? REPLACEMENT : lead & (0x3f >> missing);
    let low = secondByteMin(lead);
    let high = secondByteMax(lead);
    for (; missing > 0; missing--) {
      const next = index < end ? (bytes[index] as number) : 0;
      if (next < low || next > high) {
        point = REPLACEMENT;
        break;
      }
      point = (point << 6) | (next & 0x3f);
      low = 0x80;
      high = 0xbf;
      index++;
    }
    text += String.fromCodePoint(point);
  }
  return text;
}

/** Bytes that must follow a lead byte; 0 for a byte that cannot lead. */
function sequenceTail(lead: number): number {
  if (lead < 0xc2 || lead > 0xf4) return 0;
  if (lead < 0xe0) return 1;
  return lead < 0xf0 ? 2 : 3;
}

function secondByteMin(lead: number): number {
  if (lead === 0xe0) return 0xa0;
  return lead === 0xf0 ? 0x90 : 0x80;
}

function secondByteMax(lead: number): number {
  if (lead === 0xed) return 0x9f;
  return lead === 0xf4 ? 0x8f : 0xbf;
}

function utf8WriteFrom(target: Uint8Array, position: number, text: string, from: number): number {
  let offset = position;
  for (let index = from; index < text.length; index++) {
    let point = text.charCodeAt(index);
    if (point >= 0xd800 && point < 0xe000) {
      point = text.codePointAt(index) as number;
      if (point > 0xffff) index++;
      else point = REPLACEMENT;
    }
    offset = writePoint(target, offset, point);
  }
  return offset - position;
}

function writePoint(target: Uint8Array, position: number, point: number): number {
  let offset = position;
  if (point < 0x80) {
    target[offset++] = point;
    return offset;
  }
  if (point < 0x800) {
    target[offset++] = 0xc0 | (point >> 6);
  } else {
    if (point < 0x10000) {
      target[offset++] = 0xe0 | (point >> 12);
    } else {
      target[offset++] = 0xf0 | (point >> 18);
      target[offset++] = 0x80 | ((point >> 12) & 0x3f);
    }
    target[offset++] = 0x80 | ((point >> 6) & 0x3f);
  }
  target[offset++] = 0x80 | (point & 0x3f);
  return offset;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}

/** Node's natives, if they are there and take a plain Uint8Array. */
function findNative(): NativeText | null {
  // oxlint-disable-next-line no-restricted-globals -- only to look for faster equals of the above
  const scope = globalThis as { Buffer?: { prototype?: Partial<NativeText> } };
  const found = scope.Buffer?.prototype;
  const { latin1Slice, utf8Slice, utf8Write: write } = found ?? {};
  if (latin1Slice === undefined || utf8Slice === undefined || write === undefined) return null;
  const probe = new Uint8Array(4);
  try {
    if (write.call(probe, '\u00e9A', 1, 3) !== 3) return null;
    if (utf8Slice.call(probe, 1, 4) !== '\u00e9A') return null;
    if (latin1Slice.call(probe, 3, 4) !== 'A') return null;
  } catch {
    return null;
  }
  return { latin1Slice, utf8Slice, utf8Write: write };
}
