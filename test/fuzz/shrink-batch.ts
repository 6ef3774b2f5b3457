/**
 * From batches that fail to the shortest ones that still fail alike: first batches are left out,
 * then inputs, then what is odd about their arrival, then bytes.
 */

import { shrinkList } from '../differential/shrink.ts';
import type { Batch, Input, Visit } from './input.ts';
import { failureOf } from './lane.ts';
import type { ServerKind } from './servers.ts';

/** Longer inputs are left as they are. */
const BYTES_SHRUNK_MAX = 400;
const PLAIN_ARRIVAL = { cuts: [], isSlow: false, kept: 0, turns: 0, healthy: -1 } as const;

export interface Shrunk {
  readonly batches: readonly Batch[];
  readonly message: string;
}

/**
 * `batches` are those of a lane up to the one that failed; null when a new server does not fail
 * them. Ends after about `ms` with the best so far.
 */
export async function shrinkBatches(
  kind: ServerKind,
  batches: readonly Batch[],
  original: string,
  ms: number,
): Promise<Shrunk | null> {
  const wanted = kindOf(original);
  const endMs = performance.now() + ms;
  const isOver = (): boolean => performance.now() > endMs;
  let best: Shrunk | null = null;
  const fails = (tried: readonly Batch[]): Promise<boolean> => {
    const message = failureOf(kind, tried);
    const isSame = message !== null && kindOf(message) === wanted;
    if (isSame) best = { batches: tried, message };
    return Promise.resolve(isSame);
  };
  const few = await fewOf(batches, fails, isOver);
  if (few === null) return null;
  const fewest = await shrinkList(few, fails, isOver);
  const atoms = fewest.flatMap(atomsOf);
  const kept = await shrinkList(atoms, (items) => fails(assemble(items)), isOver);
  await simplify(kept, fails, isOver);
  return best;
}

/** Mostly the last one fails alone; else as few before it as are needed. */
async function fewOf(
  batches: readonly Batch[],
  fails: (batches: readonly Batch[]) => Promise<boolean>,
  isOver: () => boolean,
): Promise<readonly Batch[] | null> {
  for (let count = 1; !isOver(); count *= 4) {
    const tried = batches.slice(-count);
    if (await fails(tried)) return tried;
    if (count >= batches.length) return null;
  }
  return null;
}

interface Atom {
  readonly batch: Batch;
  readonly visit: Visit;
  readonly input: Input;
}

function atomsOf(batch: Batch): readonly Atom[] {
  return batch.flatMap((visit) => visit.inputs.map((input) => ({ batch, visit, input })));
}

/** Inputs of one visit of one batch stay together. */
function assemble(atoms: readonly Atom[]): readonly Batch[] {
  const batches: { origin: Batch; visits: { origin: Visit; inputs: Input[] }[] }[] = [];
  for (const { batch, visit, input } of atoms) {
    let last = batches.at(-1);
    if (last?.origin !== batch) {
      last = { origin: batch, visits: [] };
      batches.push(last);
    }
    const open = last.visits.at(-1);
    if (open?.origin === visit) open.inputs.push(input);
    else last.visits.push({ origin: visit, inputs: [input] });
  }
  return batches.map(({ visits }) =>
    visits.map(({ origin, inputs }) => ({ state: origin.state, inputs })),
  );
}

async function simplify(
  atoms: readonly Atom[],
  fails: (batches: readonly Batch[]) => Promise<boolean>,
  isOver: () => boolean,
): Promise<void> {
  let best = atoms;
  for (let index = 0; index < best.length && !isOver(); index++) {
    const tryInput = async (input: Input): Promise<boolean> => {
      const tried = best.map((atom, at) => (at === index ? { ...atom, input } : atom));
      const isFailure = await fails(assemble(tried));
      if (isFailure) best = tried;
      return isFailure;
    };
    const { input } = best[index] as Atom;
    await tryInput({ ...input, ...PLAIN_ARRIVAL });
    if (input.bytes.length > BYTES_SHRUNK_MAX) continue;
    const present = (best[index] as Atom).input;
    await shrinkList(
      [...input.bytes],
      (bytes) => tryInput({ ...present, bytes: Uint8Array.from(bytes) }),
      isOver,
    );
  }
}

/** Failures with the same text but for their numbers are the same. */
function kindOf(message: string): string {
  return (message.split('\n')[0] ?? '').replace(/\d+/g, 'N');
}
