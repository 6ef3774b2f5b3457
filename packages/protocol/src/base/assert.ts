/**
 * Assertions that stay on in production. A broken invariant is our own bug: the process that
 * notices it must end rather than write what it no longer understands. Refusals that the protocol
 * foresees are integer codes and never come through here. Knows nothing of the rest.
 */

export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** For the last branch of an exhaustive switch: the compiler proves it is never reached. */
export function unreachable(value: never): never {
  throw new AssertionError(`Reached a branch that no value should reach, with ${String(value)}`);
}
