/**
 * Words that have no place in the repository: unfinished business, paths of one machine, and talk
 * of how the text came about. Some names are kept as digests, so that this file may hold itself.
 */

import { createHash } from 'node:crypto';
import { lineAt, matches, type Source } from './sources.ts';

/** One letter of each stands in brackets: so the patterns do not match themselves. */
const UNFINISHED = /\b(?:TO[D]O|FIX[M]E|XX[X]|HAC[K])\b/g;
const MACHINE_PATH = /(?<![\w.])\/(?:home|root|Users|work)\/[\w.-]+/g;
const TALK = /\b(?:co-author[e]d-by|generat[e]d (?:by|with) an?|language mod[e]l|as an A[I])\b/gi;

/** The first twelve digits of the SHA-256 of each name, in lower case. */
const NAMES = new Set([
  '3ea125d0bff3',
  '487b91042c7c',
  '57de4cf40144',
  '5d72436256ad',
  '60965168ce76',
  '7d3194f79e64',
  '94a168d2da57',
  'c70eca6b0f88',
  'c857d09db23e',
  'd298391b0743',
  'de2187af3fb0',
]);

/** Words seen so far, and whether they are among the names: few words are new in a file. */
const judged = new Map<string, boolean>();

function isName(word: string): boolean {
  const name = word.toLowerCase();
  const known = judged.get(name);
  if (known !== undefined) return known;
  const digest = createHash('sha256').update(name).digest('hex');
  judged.set(name, NAMES.has(digest.slice(0, 12)));
  return judged.get(name) === true;
}

/** `path:line  word` of every word that should not be there. */
export function bannedWords(source: Source): string[] {
  const found = [UNFINISHED, MACHINE_PATH, TALK].flatMap((pattern) => matches(source, pattern));
  for (const { 0: word, index } of source.text.matchAll(/[A-Za-z]{3,}/g)) {
    if (isName(word)) found.push(`${source.path}:${lineAt(source.text, index)}  ${word}`);
  }
  return found;
}
