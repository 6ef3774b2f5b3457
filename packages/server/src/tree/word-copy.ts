/**
 * Copying a short range between two views, a word at a time: for what a reply takes out of a record
 * it beats `set(subarray())`, which makes an object for every call.
 */

/** Above this the native copy is faster, bytes. */
export const WORD_COPY_BYTES_MAX = 384;

export function copyWords(
  target: DataView,
  targetOffset: number,
  source: DataView,
  sourceOffset: number,
  bytes: number,
): void {
  let done = 0;
  for (const wordsEnd = (bytes - 3) | 0; done < wordsEnd; done = (done + 4) | 0) {
    target.setInt32(targetOffset + done, source.getInt32(sourceOffset + done));
  }
  for (; done < bytes; done = (done + 1) | 0) {
    target.setUint8(targetOffset + done, source.getUint8(sourceOffset + done));
  }
}
