/**
 * Base64 in the standard alphabet with padding, as identities of scheme `digest` and nonces carry
 * it. Here because the lower floors have no `Buffer`.
 */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

export function base64(bytes: Uint8Array): string {
  let text = '';
  for (let index = 0; index < bytes.length; index += 3) {
    const rest = bytes.length - index;
    const word =
      ((bytes[index] as number) << 16) |
      ((rest > 1 ? (bytes[index + 1] as number) : 0) << 8) |
      (rest > 2 ? (bytes[index + 2] as number) : 0);
    text += ALPHABET.charAt(word >> 18) + ALPHABET.charAt((word >> 12) & 63);
    text += rest > 1 ? ALPHABET.charAt((word >> 6) & 63) : '=';
    text += rest > 2 ? ALPHABET.charAt(word & 63) : '=';
  }
  return text;
}
