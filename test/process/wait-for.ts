/** Waiting for a condition with a deadline: tests never sleep for luck. */

export class DeadlineError extends Error {}

/** Resolves with the first result that is neither undefined, null nor false. */
export async function waitFor<T>(
  what: string,
  timeoutMs: number,
  condition: () => T | Promise<T>,
  everyMs = 20,
): Promise<NonNullable<T>> {
  const endMs = performance.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const found = await condition();
      if (found !== undefined && found !== null && found !== false) return found as NonNullable<T>;
      last = found;
    } catch (error) {
      last = error;
    }
    if (performance.now() > endMs) {
      throw new DeadlineError(`Waited ${timeoutMs} ms in vain for ${what}; last: ${String(last)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
