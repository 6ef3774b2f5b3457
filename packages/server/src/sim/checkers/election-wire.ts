/**
 * Truthful votes: what a member says of itself in an election is what its disk says. A vote may
 * come late, because the last message is sent again on a new connection, so it has to be true now
 * or to have been true once since the process began.
 *
 * Invariant I13 of quorum-protocol.md 21; frames from 2.2 and 2.3.
 */

import {
  JuteReader,
  JuteWriter,
  readInit,
  readNotification,
  ServerState,
  zxidToHex,
} from '@zabra/protocol';
import type { Endpoint } from '../sim-net.ts';
import type { DurableHistory } from './durable-history.ts';
import { expectThat } from './violation.ts';

const PROPERTY = 'A member votes for itself with what is on its disk';

/** A server says that the configuration of that version is committed. */
export type OnClaimed = (sid: number, version: number) => void;

/** One direction of an election connection. */
interface Ear {
  readonly sid: number;
  readonly held: JuteWriter;
  hasInit: boolean;
}

export class ElectionWire {
  readonly #onClaimed: OnClaimed;
  readonly #ears: Map<Endpoint, Ear>;
  /** By sid: `epoch/zxid` of every state that its disk was in since its process began. */
  readonly #states: Map<number, Set<string>>;

  constructor(onClaimed: OnClaimed) {
    this.#onClaimed = onClaimed;
    this.#ears = new Map();
    this.#states = new Map();
  }

  onStarted(sid: number, history: DurableHistory): void {
    this.#states.set(sid, new Set());
    this.onDisk(sid, history);
  }

  /** Its disk has changed. */
  onDisk(sid: number, { currentEpoch, lastZxid }: DurableHistory): void {
    this.#states.get(sid)?.add(`${currentEpoch}/${lastZxid}`);
  }

  /** Bytes leave on a connection to an election port. */
  onSent(from: Endpoint, sid: number, bytes: Uint8Array): void {
    let ear = this.#ears.get(from);
    if (ear === undefined) {
      // Only the dialler begins with INIT.
      ear = { sid, held: new JuteWriter(), hasInit: from !== from.connection.dialler };
      this.#ears.set(from, ear);
    }
    ear.held.raw(bytes, 0, bytes.length);
    const r = new JuteReader().reset(ear.held.buffer, 0, ear.held.position);
    if (!ear.hasInit) {
      if (readInit(r) === 'incomplete') return;
      ear.hasInit = true;
    }
    let position = r.position;
    while (r.end - position >= 4) {
      r.position = position;
      const length = r.int();
      if (r.end - r.position < length) break;
      position = r.position + length;
      this.#onVote(ear.sid, new JuteReader().reset(ear.held.buffer, r.position, position));
    }
    const rest = ear.held.buffer.slice(position, ear.held.position);
    ear.held.reset();
    ear.held.raw(rest, 0, rest.length);
  }

  #onVote(sid: number, r: JuteReader): void {
    const vote = readNotification(r);
    const version = /version=([0-9a-f]+)$/.exec(vote?.config ?? '')?.[1] ?? '0';
    this.#onClaimed(sid, Number.parseInt(version, 16));
    if (vote === null || vote.state !== ServerState.LOOKING || vote.leader !== sid) return;
    const { peerEpoch, zxid } = vote;
    expectThat(
      this.#states.get(sid)?.has(`${peerEpoch}/${zxid}`) ?? false,
      PROPERTY,
      () => `server ${sid} votes for epoch ${peerEpoch}, zxid ${zxidToHex(zxid)}`,
    );
  }
}
