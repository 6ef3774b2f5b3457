/** The table of metrics: names, kinds, and who shows what (operations.md 3). */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeZxid, OpCode, PacketType } from '@zabra/protocol';
import { forward, forwardCreate, joinLate, lead, memberWith } from './ensemble-script.test-kit.ts';
import { MemberBed } from './member-bed.test-kit.ts';
import { ServerBed } from './server-bed.test-kit.ts';

/** As Prometheus wants them; the prefix `zk_` of `mntr` is not part of a name. */
const NAME = /^[a-z][a-z0-9_]*$/;

function mntr(bed: ServerBed): string[][] {
  const client = bed.connect();
  client.sendRaw(Buffer.from('mntr'));
  bed.run();
  const text = Buffer.from(client.raw()).toString();
  assert.ok(text.endsWith('\n'));
  return text
    .slice(0, -1)
    .split('\n')
    .map((line) => line.split('\t'));
}

describe('the table of metrics', () => {
  it('has each name once, with a help text and a value', () => {
    const bed = new MemberBed();
    lead(bed, 0, 0);
    const rows = bed.peer.metrics();
    assert.ok(rows.length > 40, `only ${rows.length} metrics`);
    assert.equal(new Set(rows.map(({ name }) => name)).size, rows.length);
    for (const { name, help, kind, value, summary } of rows) {
      assert.match(name, NAME);
      assert.ok(!name.startsWith('zk_'), name);
      assert.notEqual(help, '');
      assert.ok(Number.isFinite(value), name);
      assert.equal(summary !== null, kind === 'summary', name);
    }
  });

  it('shows what only a leader or a member has to those alone', () => {
    const names = (rows: readonly { readonly name: string }[]): Set<string> =>
      new Set(rows.map(({ name }) => name));
    const alone = names(new ServerBed().view.metrics());
    const member = new MemberBed();
    member.run();
    const looking = names(member.peer.metrics());
    lead(member, 0, 0);
    const leading = names(member.peer.metrics());
    assert.ok(!alone.has('quorum_size') && looking.has('quorum_size'));
    for (const name of ['learners', 'synced_followers', 'pending_syncs', 'last_proposal_size']) {
      assert.ok(!alone.has(name) && !looking.has(name) && leading.has(name), name);
    }
    const synced = member.peer.metrics().find(({ name }) => name === 'synced_followers');
    assert.equal(synced?.value, 1);
  });

  it('counts how learners are brought up to date, and what a learner receives', () => {
    const value = (bed: MemberBed, name: string): number | undefined =>
      bed.peer.metrics().find((row) => row.name === name)?.value;
    const leader = new MemberBed();
    lead(leader, 0, 0);
    joinLate(leader, 2);
    assert.equal(value(leader, 'diff_count'), 1);
    assert.equal(value(leader, 'snap_count'), 1);
    assert.equal(value(leader, 'snapshottime'), 1, 'the first snapshot, of nothing');
    const learner = new MemberBed();
    memberWith(5, learner);
    assert.equal(value(learner, 'learner_proposal_received_count'), 5);
    assert.equal(value(learner, 'learner_commit_received_count'), 5);
  });

  it('tells voters, observers and strangers apart, and counts syncs that wait', () => {
    const bed = new MemberBed();
    const link = lead(bed, 0, 0);
    joinLate(bed, 2);
    joinLate(bed, 77);
    const value = (name: string): number | undefined =>
      bed.peer.metrics().find((row) => row.name === name)?.value;
    assert.equal(value('learners'), 3);
    assert.equal(value('synced_followers'), 2);
    assert.equal(value('synced_non_voting_followers'), 1);
    forwardCreate(link, '/a');
    forward(link, 0, 0, OpCode.sync, new Uint8Array(4));
    bed.disk.isLogStuck = true;
    bed.run();
    assert.equal(value('pending_syncs'), 1);
    bed.disk.isLogStuck = false;
    link.say(PacketType.ACK, makeZxid(1, 1));
    bed.run();
    assert.equal(value('pending_syncs'), 0);
  });

  it('is what mntr prints, each key once', () => {
    const bed = new ServerBed();
    bed.client().create(1, '/a');
    bed.run();
    const lines = mntr(bed);
    assert.deepEqual(lines.slice(0, 2), [
      ['zk_version', '3.9.5-zabra.test'],
      ['zk_server_state', 'standalone'],
    ]);
    const keys = lines.map(([key]) => key);
    assert.equal(new Set(keys).size, keys.length);
    for (const [key, value] of lines.slice(2)) {
      assert.match(key ?? '', /^zk_[a-z0-9_]+$/);
      assert.match(value ?? '', /^-?\d+(?:\.\d+)?$/, key);
    }
    const value = (key: string): string | undefined => lines.find(([found]) => found === key)?.[1];
    assert.equal(value('zk_znode_count'), '6');
    assert.equal(value('zk_num_alive_connections'), '2');
    assert.equal(value('zk_global_sessions'), '1');
    assert.match(value('zk_avg_latency') ?? '', /\./);
  });
});
