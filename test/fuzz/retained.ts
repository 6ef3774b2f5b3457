/**
 * What a server holds of one connection's input, counted from its buffers: a frame that is still
 * coming in, requests that wait, replies that wait for their turn, and who it says it is.
 */

import type { ClientConnection } from 'zabra/dist/peer/client-connection.js';
import { expectThat } from './finding.ts';
import { READ_BYTES_MAX } from './fuzz-client.ts';

/** What an object that waits takes beside its bytes, about. */
const REQUEST_BYTES = 256;

export function retainedBytes({ reader, queue, identities }: ClientConnection): number {
  let bytes = reader.bytesHeld;
  for (const { scheme, id } of identities) bytes += REQUEST_BYTES + 2 * (scheme.length + id.length);
  for (const { buffer, reply, saslToken } of queue) {
    bytes += REQUEST_BYTES + buffer.length + (reply?.length ?? 0) + (saslToken?.length ?? 0);
  }
  return bytes;
}

/** Twice `jute.maxbuffer`, and the read that was under way when the server stopped to read. */
export function expectBounded(connection: ClientConnection, juteMaxBufferBytes: number): void {
  const bytes = retainedBytes(connection);
  const most = 2 * juteMaxBufferBytes + READ_BYTES_MAX;
  expectThat(
    bytes <= most,
    () =>
      `A connection makes the server hold ${bytes} bytes, wanted at most ${most} ` +
      `(jute.maxbuffer is ${juteMaxBufferBytes})`,
  );
}
