/**
 * One election, seen from one member: the event table of quorum-protocol.md 3.4.
 */

import assert from 'node:assert/strict';
import test from 'node:test';
import { ServerState, SID_NONE, ZXID_MIN, ZXID_NONE } from '@zabra/protocol';
import { ElectionBed, looking, settled, show, started } from './election-bed.test-kit.ts';
import { makeVerifier } from './quorum-verifier.ts';
import { configOf, THREE_TEXT } from './script-host.test-kit.ts';
import type { Vote } from './vote.ts';

const { FOLLOWING, LEADING, OBSERVING } = ServerState;

test('start tells every other voter, and nobody else, our own vote', () => {
  const host = started(1, 7, 3);
  assert.deepEqual(host.told, ['2 LOOKING 1 7 r1 e3', '3 LOOKING 1 7 r1 e3']);
});

test('an observer and a server outside the configuration vote for nobody', () => {
  const observer = new ElectionBed(4);
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

test('among our own kind nobody waits for a voter that has no connection', () => {
  const host = started(2);
  host.hear(1, looking(1), true);
  host.connected.delete(1);
  host.hear(3, looking(3), true);
  assert.deepEqual(host.decided, ['FOLLOWING 3 0 r1 e0']);
  const late = started(2);
  late.hear(1, looking(1), true);
  late.hear(3, looking(3), true);
  assert.deepEqual(late.after(20), [], 'server 1 has a connection and may still have its say');
  late.connected.delete(1);
  assert.deepEqual(late.after(20), ['FOLLOWING 3 0 r1 e0']);
  const first = started(2);
  first.connected.delete(3);
  first.hear(1, looking(2), true);
  assert.deepEqual(first.after(20), [], 'server 3 was never heard: it may be about to start');
  first.connected.add(3);
  first.hear(3, looking(3), true);
  first.hear(1, looking(3), true);
  assert.deepEqual(first.decided, ['FOLLOWING 3 0 r1 e0']);
  const mixed = started(2);
  mixed.hear(1, looking(1));
  mixed.connected.delete(1);
  mixed.hear(3, looking(3));
  assert.deepEqual(mixed.after(199), [], 'an Apache member is waited for as it waits for us');
  const replaced = started(2);
  replaced.hear(1, looking(1), true);
  replaced.hear(3, looking(3), true);
  assert.deepEqual(replaced.after(20), [], 'server 1 still votes for itself');
  replaced.hear(1, looking(3), false);
  assert.equal(replaced.decided.length, 1, 'all three agree, whatever their kind');
});

test('a better vote within the 200 ms begins the count anew', () => {
  const host = started(2);
  host.hear(1, looking(2));
  host.after(150);
  assert.deepEqual(host.hear(3, looking(3)), ['1 LOOKING 3 0 r1 e0', '3 LOOKING 3 0 r1 e0']);
  assert.deepEqual(host.after(100), []);
  assert.deepEqual(host.after(100), ['FOLLOWING 3 0 r1 e0']);
});

test('an echo of a vote of our own earlier elections is no better vote', () => {
  const host = started(2, 5, 1);
  assert.deepEqual(host.hear(1, looking(2, 7, 1, 1)), []);
  assert.deepEqual(host.hear(3, looking(2, 7, 9, 1)), [
    '1 LOOKING 2 5 r9 e1',
    '3 LOOKING 2 5 r9 e1',
  ]);
  assert.deepEqual(host.after(1000), []);
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

test('a member that led once does not repeat to strangers what it was elected for', () => {
  const host = started(2, 5, 1);
  for (const sid of [1, 3]) host.hear(sid, settled(FOLLOWING, 2, 1, 1));
  assert.deepEqual(host.decided, ['LEADING 2 0 r1 e1']);
  host.election.stop();
  host.election.start(5, 1);
  host.sent = [];
  assert.deepEqual(host.hear(9, looking(9)), ['9 LOOKING 2 5 r2 e1']);
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
  host.now += 501;
  host.election.start(6, 2);
  assert.deepEqual(host.sent, ['1 LOOKING 2 6 r2 e2', '3 LOOKING 2 6 r2 e2']);
});

test('what others said just before we look counts, unless they are gone', () => {
  const lost = (isGone: boolean, isStopped: boolean): ElectionBed => {
    const host = started(2, 5, 1);
    host.hear(3, looking(3, 5, 1, 1));
    host.after(200);
    if (isStopped) host.election.stop();
    host.hear(1, looking(1, 6, 2, 1));
    if (isGone) host.connected.delete(1);
    if (!isStopped) host.election.stop();
    host.now += 20;
    host.sent = [];
    host.election.start(5, 1);
    return host;
  };
  for (const isStopped of [false, true]) {
    const host = lost(false, isStopped);
    assert.equal(host.sent.at(-1), '3 LOOKING 1 6 r2 e1');
    assert.deepEqual(host.after(200).at(-1), 'FOLLOWING 1 6 r2 e1');
    assert.equal(lost(true, isStopped).sent.at(-1), '3 LOOKING 2 5 r2 e1');
  }
});

test('an appointed leader is what others are told, without an election', () => {
  const host = started(2, 5, 1);
  assert.equal(show(host.election.appoint(2, 9, 1)), 'LEADING 2 9 r1 e1');
  assert.equal(show(host.election.appoint(3, 9, 1)), 'FOLLOWING 3 9 r1 e1');
  assert.deepEqual(host.decided, [], 'whoever appoints takes the role up by itself');
  host.election.onEpochEstablished(2);
  assert.deepEqual(host.hear(1, looking(1, 0, 4)), ['1 FOLLOWING 3 9 r1 e2']);
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
  const host = new ElectionBed(1);
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
  const host = new ElectionBed(2);
  const wider = ['server.1=a:1:2', 'server.2=b:1:2', 'server.3=c:1:2', 'server.5=e:1:2'].join('\n');
  host.verifiers = [makeVerifier(configOf(THREE_TEXT)), makeVerifier(configOf(wider))];
  host.election.start(0, 0);
  assert.equal(host.sent.length, 3, 'voters of both are told, each once');
  host.hear(3, looking(5));
  host.hear(5, looking(5));
  assert.deepEqual(host.after(500), ['FOLLOWING 5 0 r1 e0']);
  const half = new ElectionBed(2);
  half.verifiers = host.verifiers;
  half.election.start(0, 0);
  half.hear(3, looking(3));
  assert.deepEqual(half.after(500), [], 'two of three, but two of four');
});

test('a candidate without weight never wins', () => {
  const text = ['server.1=a:1:2', 'server.2=b:1:2', 'server.3=c:1:2'].join('\n');
  const host = new ElectionBed(2);
  host.verifiers = [makeVerifier(configOf(`${text}\ngroup.1=1:2:3\nweight.3=0`))];
  host.election.start(0, 0);
  host.sent = [];
  assert.deepEqual(host.hear(3, looking(3, 9, 1, 9)), []);
});

const PENDING = ['server.8=h:1:2', 'server.9=i:1:2', 'server.2=b:1:2'].join('\n');

/** Server 2, by whose configurations `THREE_TEXT` is committed and `PENDING` proposed. */
function between(): ElectionBed {
  const host = new ElectionBed(2);
  host.verifiers = [...host.verifiers, makeVerifier(configOf(PENDING))];
  host.election.start(5, 1);
  host.told = host.sent.splice(0);
  return host;
}

test('a new leader needs the votes of both configurations, an established one of either', () => {
  const host = between();
  assert.deepEqual(host.told.map((line) => line[0]).sort(), ['1', '3', '8', '9']);
  host.hear(3, looking(3, 6, 1, 1));
  host.hear(1, looking(3, 6, 1, 1));
  host.hear(8, looking(3, 6, 1, 1));
  assert.deepEqual(host.after(200), ['FOLLOWING 3 6 r1 e1']);
  const other = between();
  other.hear(3, looking(3, 6, 1, 1));
  other.hear(1, looking(3, 6, 1, 1));
  assert.deepEqual(other.after(1000), [], 'nobody of the proposed one has spoken');
  other.hear(1, settled(FOLLOWING, 3, 4, 2));
  other.hear(3, settled(LEADING, 3, 4, 2));
  assert.deepEqual(other.decided, ['FOLLOWING 3 0 r4 e2']);
  const ours = between();
  ours.hear(1, settled(FOLLOWING, 2, 1, 1));
  ours.hear(3, settled(FOLLOWING, 2, 1, 1));
  assert.deepEqual(ours.decided, [], 'we lead with both or not at all');
});

test('a voter that proposes nobody takes us along into its round', () => {
  const host = between();
  const told = host.hear(8, looking(SID_NONE, 0, 3));
  assert.deepEqual(told[0], '1 LOOKING 2 5 r3 e1');
  assert.equal(host.election.round, 3);
  assert.deepEqual(host.hear(8, looking(SID_NONE, 0, 3)), [], 'its vote counts nowhere');
});

test('a leader that a reconfiguration of Apache has named has no round', () => {
  const host = started(2);
  host.hear(1, settled(FOLLOWING, 3, -1, 7));
  host.hear(3, settled(LEADING, 3, -1, 7));
  assert.deepEqual(host.decided, ['FOLLOWING 3 0 r0 e7']);
});

test('who gets no answer asks observers as well, one of which may lead by now', () => {
  const host = started(1);
  host.memberSids = [1, 2, 3, 4];
  host.sent = [];
  host.after(200);
  assert.deepEqual(host.sent, ['2 LOOKING 1 0 r1 e0', '3 LOOKING 1 0 r1 e0'], 'the first poll');
  host.sent = [];
  host.after(400);
  assert.deepEqual(host.sent.at(-1), '4 LOOKING 1 0 r1 e0');
});
