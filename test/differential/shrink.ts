/**
 * Delta debugging: from a list that fails to a short one that still does, by leaving out ever
 * smaller pieces (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input").
 * Knows nothing about servers: whether a list fails is asked.
 */

import type { Program, Step } from './program.ts';

export type Fails<T> = (items: readonly T[]) => Promise<boolean>;

/** `isOver` ends the search early, with the best list so far. */
export async function shrinkList<T>(
  items: readonly T[],
  fails: Fails<T>,
  isOver: () => boolean,
): Promise<readonly T[]> {
  let best = items;
  let pieces = 2;
  while (best.length > 1 && pieces <= best.length) {
    const size = Math.ceil(best.length / pieces);
    let shorter: readonly T[] | null = null;
    for (let start = 0; start < best.length && shorter === null; start += size) {
      if (isOver()) return best;
      const rest = [...best.slice(0, start), ...best.slice(start + size)];
      if (await fails(rest)) shorter = rest;
    }
    if (shorter !== null) {
      best = shorter;
      pieces = Math.max(2, pieces - 1);
    } else if (size === 1) {
      break;
    } else {
      pieces = Math.min(best.length, pieces * 2);
    }
  }
  return best;
}

/** First whole steps are left out, then single requests. */
export async function shrinkProgram(
  program: Program,
  fails: Fails<Step>,
  isOver: () => boolean,
): Promise<Program> {
  const steps = await shrinkList(program, fails, isOver);
  const atoms = steps.flatMap(atomsOf);
  const kept = await shrinkList(atoms, (items) => fails(assemble(items)), isOver);
  return assemble(kept);
}

/** A step with one request of one part, and where it came from. */
interface Atom {
  readonly origin: Step;
  readonly part: number;
  readonly request: number;
}

function atomsOf(step: Step): readonly Atom[] {
  if (step.kind !== 'batch') return [{ origin: step, part: 0, request: 0 }];
  return step.parts.flatMap(({ requests }, part) =>
    requests.map((_, request) => ({ origin: step, part, request })),
  );
}

function assemble(atoms: readonly Atom[]): Program {
  const steps: Step[] = [];
  let start = 0;
  while (start < atoms.length) {
    const { origin } = atoms[start] as Atom;
    let end = start;
    while (end < atoms.length && atoms[end]?.origin === origin) end++;
    steps.push(partOf(origin, atoms.slice(start, end)));
    start = end;
  }
  return steps;
}

function partOf(origin: Step, atoms: readonly Atom[]): Step {
  if (origin.kind !== 'batch') return origin;
  const parts = origin.parts.map(({ slot, requests }, part) => ({
    slot,
    requests: requests.filter((_, request) =>
      atoms.some((atom) => atom.part === part && atom.request === request),
    ),
  }));
  return { ...origin, parts: parts.filter(({ requests }) => requests.length > 0) };
}
