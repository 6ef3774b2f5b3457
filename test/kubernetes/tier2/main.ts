/**
 * The tutorial and what goes beyond it, on the cluster that run.sh has started:
 *
 *   main.js LAB [PART...]
 *
 * Parts are tutorial, upstream, production; all of them without any. Writes the transcript to
 * transcript.md in LAB. Ends with "N passed, N failed".
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { Bed } from './bed.ts';
import { documentHead } from './document-head.ts';
import { productionPart } from './production-part.ts';
import { tutorialPart } from './tutorial-part.ts';
import { upstreamPart } from './upstream-part.ts';

const PARTS: Readonly<Record<string, (bed: Bed) => Promise<void>>> = {
  tutorial: tutorialPart,
  upstream: upstreamPart,
  production: productionPart,
};

const [, , lab = '', ...asked] = process.argv;
const bed = new Bed(lab);
const { transcript } = bed;
let broken = 0;
for (const name of asked.length > 0 ? asked : Object.keys(PARTS)) {
  try {
    const part = PARTS[name];
    if (part === undefined) throw new Error(`There is no part "${name}"`);
    await part(bed);
  } catch (error) {
    broken++;
    console.log(`not ok ${name} ended: ${String(error)}`);
    // What is left of it would be in the way of the next one.
    break;
  }
}
const failed = Math.max(transcript.failed, broken);
const head = await documentHead(bed, transcript.passed, failed);
writeFileSync(join(lab, 'transcript.md'), `${head}\n${transcript.document()}`);
console.log(`${transcript.passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && transcript.passed > 0 ? 0 : 1;
