/**
 * One election, seen from one member: the event table of quorum-protocol.md 3.4.
 */

import assert from 'node:assert/strict';
import test from 'node:test';
import { makeZxid, ServerState, SID_NONE, ZXID_MIN, ZXID_NONE } from '@zabra/protocol';
import { FastLeaderElection } from './fast-leader-election.ts';
import { makeVerifier, type QuorumVerifier } from './quorum-verifier.ts';
import { configOf, THREE_TEXT } from './script-host.test-kit.ts';
import type { Vote } from './vote.ts';
import type { ElectionHost } from './zab-host.ts';

const { LOOKING, FOLLOWING, LEADING, OBSERVING } = ServerState;
const names = ['LOOKING', 'FOLLOWING', 'LEADING', 'OBSERVING'];

function looking(leader: number, zxid = 0, electionEpoch = 1, peerEpoch = 0): Vote {
  return { state: LOOKING, leader, zxid, electionEpoch, peerEpoch };
}

function settled(
  state: typeof FOLLOWING | typeof LEADING,
  leader: number,
  electionEpoch: number,
  peerEpoch: number,
): Vote {
  return { state, leader, zxid: 0, electionEpoch, peerEpoch };
}

class Host implements ElectionHost {
  readonly sid: number;
  isObserver = false;
  verifiers: readonly QuorumVerifier[] = [makeVerifier(configOf(THREE_TEXT))];
  pollMaxMs = 1000;
  emptyNeedsAllVoters = false;
  now = 0;
  sent: string[] = [];
  /** What `start` sent. */
  told: string[] = [];
  decided: string[] = [];
  connects = 0;
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

  onDecided(vote: Vote): void {
    this.decided.push(show(vote));
  }

  hear(sid: number, vote: Vote): string[] {
    this.election.onNotification(sid, vote);
    return this.sent.splice(0);
  }

  after(ms: number): string[] {
    this.now += ms;
    this.election.tick();
    return this.decided;
  }
}

/** "STATE leader zxid round epoch". */
function show({ state, leader, zxid, electionEpoch, peerEpoch }: Vote): string {
  return `${names[state]} ${leader} ${zxid} r${electionEpoch} e${peerEpoch}`;
}

function started(sid: number, zxid = 0, epoch = 0): Host {
  const host = new Host(sid);
  host.election.start(zxid, epoch);
  host.told = host.sent.splice(0);
  return host;
}

test('start tells every other voter, and nobody else, our own vote', () => {
  const host = started(1, 7, 3);
  assert.deepEqual(host.told, ['2 LOOKING 1 7 r1 e3', '3 LOOKING 1 7 r1 e3']);
});

test('an observer and a server outside the configuration vote for nobody', () => {
  const observer = new Host(4);
  observer.isObserver = true;
  observer.election.start(7, 3);
  const nobody = `LOOKING ${SID_NONE} ${ZXID_MIN} r1 e${ZXID_MIN}`;
  assert.deepEqual(observer.sent, [`1 ${nobody}`, `2 ${nobody}`, `3 ${nobody}`]);
  const joiner = started(9, 7, 3);
  assert.equal(joiner.told[0], `1 LOOKING ${SID_NONE} 7 r1 e3`);
  // Its own history never makes it a candidate: it follows the count of the voters.
  joiner.hear(1, looking(3));
  joiner.hear(2, looking(3));
  assert.deepEqual(joiner.after(200), ['FOLLOWING 3 0 r1 e0']);
});

test('the better vote is epoch, then zxid, then sid', () => {
  const rows: [Vote, boolean][] = [
    [looking(1, 9, 1, 5), false],
    [looking(3, 8, 1, 5), false],
    [looking(3, 9, 1, 5), true],
    [looking(1, 10, 1, 5), true],
    [looking(1, 1, 1, 6), true],
    [looking(3, 99, 1, 4), false],
  ];
  for (const [vote, wins] of rows) {
    const host = started(2, 9, 5);
    host.sent = [];
    const told = host.hear(vote.leader, vote);
    assert.equal(told.length > 0, wins, show(vote));
    if (wins) assert.equal(told[0], `1 ${show(vote)}`);
  }
});

test('a quorum waits 200 ms for a better vote, and not when every voter agrees', () => {
  const host = started(2);
  host.hear(3, looking(3));
  assert.deepEqual(host.after(199), []);
  assert.deepEqual(host.after(1), ['FOLLOWING 3 0 r1 e0']);
  const all = started(2);
  all.hear(3, looking(3));
  all.hear(1, looking(3));
  assert.deepEqual(all.decided, ['FOLLOWING 3 0 r1 e0']);
  const leader = started(3);
  leader.hear(1, looking(3));
  leader.hear(2, looking(3));
  assert.deepEqual(leader.decided, ['LEADING 3 0 r1 e0']);
});

test('a better vote within the 200 ms begins the count anew', () => {
  const host = started(2);
  host.hear(1, looking(2));
  host.after(150);
  assert.deepEqual(host.hear(3, looking(3)), ['1 LOOKING 3 0 r1 e0', '3 LOOKING 3 0 r1 e0']);
  assert.deepEqual(host.after(100), []);
  assert.deepEqual(host.after(100), ['FOLLOWING 3 0 r1 e0']);
});

test('a later round is joined, an earlier one is answered and not counted', () => {
  const host = started(2, 5, 1);
  assert.deepEqual(host.hear(3, looking(3, 4, 7, 1)), [
    '1 LOOKING 2 5 r7 e1',
    '3 LOOKING 2 5 r7 e1',
  ]);
  assert.deepEqual(host.hear(1, looking(1, 9, 6, 1)), ['1 LOOKING 2 5 r7 e1']);
  assert.deepEqual(host.after(500), []);
  host.hear(1, looking(2, 5, 7, 1));
  assert.deepEqual(host.after(200), ['LEADING 2 5 r7 e1']);
});

test('votes of strangers are answered with the vote decided last, and never counted', () => {
  const host = started(2, 5, 1);
  assert.deepEqual(host.hear(9, looking(3, 99, 1, 9)), ['9 LOOKING 2 5 r1 e1']);
  assert.deepEqual(host.hear(4, looking(SID_NONE)), ['4 LOOKING 2 5 r1 e1']);
  host.hear(1, looking(9, 99, 1, 9));
  assert.deepEqual(host.after(1000), []);
  host.hear(1, looking(2, 5, 1, 1));
  host.after(200);
  host.election.onEpochEstablished(2);
  host.sent = [];
  assert.deepEqual(host.hear(9, looking(9)), ['9 LEADING 2 5 r1 e2']);
});

test('a settled member answers those who look with its final vote and the new epoch', () => {
  const host = started(2, 5, 1);
  host.hear(3, looking(3, 5, 1, 1));
  host.after(200);
  host.election.onEpochEstablished(2);
  host.sent = [];
  assert.deepEqual(host.hear(1, looking(1, 0, 4)), ['1 FOLLOWING 3 5 r1 e2']);
  assert.deepEqual(host.hear(1, settled(FOLLOWING, 3, 1, 2)), []);
});

test('between role and next election it is silent, then a new round begins', () => {
  const host = started(2);
  host.hear(3, looking(3));
  host.after(200);
  host.election.stop();
  host.sent = [];
  assert.deepEqual(host.hear(1, looking(1, 0, 4)), []);
  assert.deepEqual(host.hear(9, looking(9)), []);
  assert.equal(host.election.looking, false);
  host.election.start(6, 2);
  assert.deepEqual(host.sent, ['1 LOOKING 2 6 r2 e2', '3 LOOKING 2 6 r2 e2']);
});

test('a late joiner finds the established leader, whatever the rounds', () => {
  const host = started(1, 0, 0);
  host.hear(2, settled(FOLLOWING, 3, 12, 5));
  assert.deepEqual(host.decided, [], 'one follower is no quorum');
  host.hear(3, settled(LEADING, 3, 12, 5));
  assert.deepEqual(host.decided, ['FOLLOWING 3 0 r12 e5']);
  assert.equal(host.election.round, 12);
});

test('followers of a leader that does not say that it leads decide nothing', () => {
  const text = `${THREE_TEXT.replace('observer', 'participant')}\nserver.5=e:1:2`;
  const host = new Host(1);
  host.verifiers = [makeVerifier(configOf(text))];
  host.election.start(0, 0);
  for (const sid of [2, 4, 5]) host.hear(sid, settled(FOLLOWING, 3, 1, 5));
  assert.deepEqual(host.after(1000), []);
  host.hear(3, settled(LEADING, 3, 1, 5));
  assert.deepEqual(host.decided, ['FOLLOWING 3 0 r1 e5']);
});

test('who is followed already leads: votes of followers for ourselves elect us', () => {
  const host = started(3);
  host.hear(1, settled(FOLLOWING, 3, 1, 1));
  assert.deepEqual(host.decided, [], 'one follower, and our own vote, which is of another epoch');
  host.hear(2, settled(FOLLOWING, 3, 1, 1));
  assert.deepEqual(host.decided, ['LEADING 3 0 r1 e1']);
  const sameVote = started(3);
  sameVote.hear(1, settled(FOLLOWING, 3, 1, 0));
  assert.deepEqual(sameVote.decided, ['LEADING 3 0 r1 e0'], 'our own vote counts when it is equal');
  const older = started(3);
  for (const sid of [1, 2]) older.hear(sid, settled(FOLLOWING, 3, 8, 0));
  assert.deepEqual(older.after(1000), [], 'followers of a reign of ours that is over');
});

test('votes of observers are ignored', () => {
  const host = started(2);
  host.hear(3, { ...settled(LEADING, 3, 1, 0), state: OBSERVING });
  assert.deepEqual(host.after(500), []);
});

test('a member whose database is unexpectedly empty neither counts nor is counted', () => {
  const host = started(2, 5, 1);
  host.hear(3, looking(3, ZXID_NONE, 1, 9));
  assert.deepEqual(host.after(1000), []);
  const empty = started(2, ZXID_NONE, 0);
  empty.hear(1, looking(3, 5, 1, 1));
  empty.hear(3, looking(3, 5, 1, 1));
  assert.deepEqual(empty.after(1000), []);
  empty.hear(1, settled(FOLLOWING, 3, 1, 2));
  empty.hear(3, settled(LEADING, 3, 1, 2));
  assert.deepEqual(empty.decided, ['FOLLOWING 3 0 r1 e2']);
});

test('empty members elect by majority, or only all together where that is asked for', () => {
  const host = new Host(2);
  host.emptyNeedsAllVoters = true;
  host.election.start(0, 0);
  host.hear(3, looking(3));
  assert.deepEqual(host.after(5000), []);
  host.hear(1, looking(3));
  assert.deepEqual(host.decided, ['FOLLOWING 3 0 r1 e0']);
  const withHistory = new Host(2);
  withHistory.emptyNeedsAllVoters = true;
  withHistory.election.start(0, 0);
  withHistory.hear(3, looking(3, makeZxid(1, 1), 1, 1));
  assert.equal(withHistory.after(200).length, 1);
});

test('an idle poll repeats the vote, dials, and comes half as often each time', () => {
  const host = started(2);
  const times: number[] = [];
  for (let at = 0; at <= 4000; at += 10) {
    host.sent = [];
    host.after(10);
    if (host.sent.length > 0) times.push(host.now);
  }
  assert.deepEqual(times, [200, 600, 1400, 2400, 3400]);
  assert.equal(host.connects, 5);
});

test('a new connection of a voter hears our vote once more', () => {
  const host = started(2);
  host.sent = [];
  host.election.onConnected(3);
  host.election.onConnected(4);
  assert.deepEqual(host.sent, ['3 LOOKING 2 0 r1 e0']);
});

test('a vote needs a quorum of the committed and of the proposed configuration', () => {
  const host = new Host(2);
  const wider = ['server.1=a:1:2', 'server.2=b:1:2', 'server.3=c:1:2', 'server.5=e:1:2'].join('\n');
  host.verifiers = [makeVerifier(configOf(THREE_TEXT)), makeVerifier(configOf(wider))];
  host.election.start(0, 0);
  assert.equal(host.sent.length, 3, 'voters of both are told, each once');
  host.hear(3, looking(5));
  host.hear(5, looking(5));
  assert.deepEqual(host.after(500), ['FOLLOWING 5 0 r1 e0']);
  const half = new Host(2);
  half.verifiers = host.verifiers;
  half.election.start(0, 0);
  half.hear(3, looking(3));
  assert.deepEqual(half.after(500), [], 'two of three, but two of four');
});

test('a candidate without weight never wins', () => {
  const text = ['server.1=a:1:2', 'server.2=b:1:2', 'server.3=c:1:2'].join('\n');
  const host = new Host(2);
  host.verifiers = [makeVerifier(configOf(`${text}\ngroup.1=1:2:3\nweight.3=0`))];
  host.election.start(0, 0);
  host.sent = [];
  assert.deepEqual(host.hear(3, looking(3, 9, 1, 9)), []);
});
