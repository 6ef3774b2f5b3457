/**
 * The `initialize` file, by which an operator allows a server without history to begin one: it goes
 * as soon as there is some, and not before, so that a server that dies in between still has it.
 */

import fs from 'node:fs';
import {
  type DataDirectories,
  hasHistory,
  initializeMarkerPath,
} from '../config/data-directories.ts';

/** How often it is looked whether the file has done its work. */
const POLL_MS = 500;

export function removeMarkerInTime(directories: DataDirectories, isServing: () => boolean): void {
  const marker = initializeMarkerPath(directories);
  if (!fs.existsSync(marker)) return;
  if (hasHistory(directories)) {
    fs.rmSync(marker);
    return;
  }
  const timer = setInterval(() => {
    if (!isServing()) return;
    fs.rmSync(marker, { force: true });
    clearInterval(timer);
  }, POLL_MS);
  timer.unref();
}
