/**
 * A directory and those above it that are missing, as the system makes them: with the group of the
 * directory above where that is inherited (a volume of Kubernetes with `fsGroup`), and the modes
 * that the umask leaves. One after the other: Node's own way of making several never ends where the
 * system says ENOENT for a place that nobody can make anything in, such as `/proc`.
 */

import fs from 'node:fs';
import path from 'node:path';

/** Those that were made, outermost first; throws the system's error. */
export function makeDirectory(directory: string): readonly string[] {
  if (fs.statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true) return [];
  const parent = path.dirname(directory);
  const above = parent === directory ? [] : makeDirectory(parent);
  try {
    fs.mkdirSync(directory);
  } catch (error) {
    // Two servers that begin at once on one volume may both have missed it.
    if (fs.statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true) throw error;
    return above;
  }
  return [...above, directory];
}
