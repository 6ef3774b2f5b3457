/**
 * ElectionBed: one election with its host played by hand: votes in, what was sent and decided out,
 * as text, and a clock that a test moves.
 */

import { ServerState } from '@zabra/protocol';
import { FastLeaderElection } from './fast-leader-election.ts';
import { makeVerifier, type QuorumVerifier } from './quorum-verifier.ts';
import { configOf, THREE_TEXT } from './script-host.test-kit.ts';
import type { Vote } from './vote.ts';
import type { ElectionHost } from './zab-host.ts';

const { LOOKING, FOLLOWING, LEADING } = ServerState;
const names = ['LOOKING', 'FOLLOWING', 'LEADING', 'OBSERVING'];

export function looking(leader: number, zxid = 0, electionEpoch = 1, peerEpoch = 0): Vote {
  return { state: LOOKING, leader, zxid, electionEpoch, peerEpoch };
}

export function settled(
  state: typeof FOLLOWING | typeof LEADING,
  leader: number,
  electionEpoch: number,
  peerEpoch: number,
): Vote {
  return { state, leader, zxid: 0, electionEpoch, peerEpoch };
}

export class ElectionBed implements ElectionHost {
  readonly sid: number;
  isObserver = false;
  verifiers: readonly QuorumVerifier[] = [makeVerifier(configOf(THREE_TEXT))];
  memberSids: readonly number[] = [1, 2, 3];
  pollMaxMs = 1000;
  emptyNeedsAllVoters = false;
  now = 0;
  sent: string[] = [];
  /** What `start` sent. */
  told: string[] = [];
  decided: string[] = [];
  connects = 0;
  /** Sids with an election connection. */
  connected = new Set([1, 2, 3, 4, 5]);
  readonly election: FastLeaderElection;

  constructor(sid: number) {
    this.sid = sid;
    this.election = new FastLeaderElection(this);
  }

  nowMs(): number {
    return this.now;
  }

  log(): void {}

  sendVote(toSid: number, vote: Vote): void {
    this.sent.push(`${toSid} ${show(vote)}`);
  }

  connectAll(): void {
    this.connects += 1;
  }

  isConnected(sid: number): boolean {
    return this.connected.has(sid);
  }

  onDecided(vote: Vote): void {
    this.decided.push(show(vote));
  }

  hear(sid: number, vote: Vote, isZabra = false): string[] {
    this.election.onNotification(sid, vote, isZabra);
    return this.sent.splice(0);
  }

  after(ms: number): string[] {
    this.now += ms;
    this.election.tick();
    return this.decided;
  }
}

/** "STATE leader zxid round epoch". */
export function show({ state, leader, zxid, electionEpoch, peerEpoch }: Vote): string {
  return `${names[state]} ${leader} ${zxid} r${electionEpoch} e${peerEpoch}`;
}

export function started(sid: number, zxid = 0, epoch = 0): ElectionBed {
  const host = new ElectionBed(sid);
  host.election.start(zxid, epoch);
  host.told = host.sent.splice(0);
  return host;
}
