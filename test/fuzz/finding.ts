/** Finding: something that a server must not do was seen; the message says what. */

export class Finding extends Error {}

export function expectThat(isSo: boolean, message: () => string): asserts isSo {
  if (!isSo) throw new Finding(message());
}
