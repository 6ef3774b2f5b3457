/**
 * In which state a connection is, as the server has it: what a message that comes now will meet.
 */

import type { ClientConnection } from 'zabra/dist/peer/client-connection.js';
import type { FuzzClient } from './fuzz-client.ts';

export type StateName =
  | 'before connect'
  | 'connect half received'
  | 'session being created'
  | 'session being renewed'
  | 'open'
  | 'open, read-only wanted'
  | 'resumed'
  | 'inside a frame'
  | 'inside a big multi'
  | 'behind a write'
  | 'behind a big multi'
  | 'held'
  | 'throttled'
  | 'not reading'
  | 'SASL in progress'
  | 'SASL failed'
  | 'must authenticate'
  | 'after auth failure'
  | 'closing'
  | 'after close'
  | 'cut'
  | 'role over'
  | 'not serving'
  | 'read-only mode'
  | 'role over, kept';

/** `label`: what the client was made for, where the connection alone does not say it. */
export function observe({ connection, label }: FuzzClient, isServing: boolean): StateName {
  const { state, session, queue, reader } = connection;
  if (!isServing) {
    if (state === 'new') return 'not serving';
    if (label === 'read-only mode' && state === 'open') return 'read-only mode';
    return connection.destroy ? 'role over' : 'role over, kept';
  }
  if (state === 'closing') {
    if (connection.destroy) return 'cut';
    if (label === 'after auth failure') return 'after auth failure';
    return connection.closeAfterFlush ? 'after close' : 'closing';
  }
  if (state === 'new') return reader.bytesHeld > 0 ? 'connect half received' : 'before connect';
  if (state === 'connecting' || session === null) {
    return label === 'session being renewed' ? 'session being renewed' : 'session being created';
  }
  if (connection.throttled) return 'throttled';
  if (connection.pauseReading) return 'not reading';
  if (queue.length > 0) {
    if (queue.peek()?.kind === 'held') return 'held';
    return label === 'behind a big multi' ? 'behind a big multi' : 'behind a write';
  }
  if (reader.bytesHeld > 0) {
    return label === 'inside a big multi' ? 'inside a big multi' : 'inside a frame';
  }
  return idleState(connection, label);
}

function idleState({ sasl, identities, saysReadOnly }: ClientConnection, label: string): StateName {
  const isKnown = identities.some(({ scheme }) => scheme === 'sasl');
  if (label === 'must authenticate' && !isKnown) return 'must authenticate';
  if (label === 'SASL failed' && !isKnown) return 'SASL failed';
  if (sasl !== null && !isKnown) return 'SASL in progress';
  if (label === 'resumed') return 'resumed';
  return saysReadOnly && label === 'open, read-only wanted' ? 'open, read-only wanted' : 'open';
}
