/**
 * The scenarios of quorum-protocol.md 22 that concern a member beside its being brought in step:
 * the end of its role, its disk, its ports, who votes for whom, and what the ensemble consists of.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ErrorCode } from '@zabra/protocol';
import { GetACLRequest, ReconfigRequest } from '@zabra/client/session';
import { createRequest, Drill, setRequest } from './drill.test-kit.ts';
import { CLIENT_PORT, ELECTION_PORT, hostOf, QUORUM_PORT } from './member-config.ts';
import { cutLinks, cutPower, kill, playStruck, type Strike } from './strikes.test-kit.ts';

const LOAD_US = 3000;

function settled(drill: Drill): void {
  drill.start();
  drill.settle();
  assert.ok(drill.write(1, 3, '/before'));
}

describe('the end of a role', () => {
  it('S8: leaves nobody behind who writes: the disk ends where memory does', () => {
    playStruck({
      stage: (drill) => {
        settled(drill);
        drill.setSyncTime(1, 30);
        drill.load([1, 2], LOAD_US);
        drill.run(50);
      },
      begin: (drill) => {
        drill.cut(1);
        drill.run(50);
      },
      at: 1,
      strikes: {
        'the leader dies, and then the power of the follower goes': (drill) => {
          drill.server(3).kill();
          drill.run(20);
          drill.server(1).cutPower();
        },
        'its links break again': cutLinks(1),
      },
    });
  });

  it('S13: what was brought to a member is what it shows when it begins to serve', () => {
    for (const commitLogCount of [5, 500]) {
      const drill = new Drill({ commitLogCount });
      settled(drill);
      drill.ask(createRequest('/x', 'old'), 1);
      drill.server(1).kill();
      for (let n = 0; n < 10; n++) drill.ask(setRequest('/x', `new ${n}`), 2);
      drill.setSyncTime(1, 20);
      drill.start(1);
      const machine = () => drill.server(1).machine?.status();
      drill.waitFor('server 1 to serve', () => machine()?.serving === true, 100);
      assert.equal(drill.read(1, '/x'), 'new 9');
    }
  });
});

describe('the disk of a member', () => {
  const fail: Strike = (drill) => {
    drill.setSyncsFail(1, true);
    drill.waitFor('its process to end', () => !drill.server(1).isRunning);
  };

  it('S11: ends the process when it fails, and no hole is left', () => {
    playStruck({
      stage: (drill) => {
        settled(drill);
        drill.load([2, 3], LOAD_US);
        drill.run(20);
      },
      begin: (drill) => {
        drill.cut(1);
        drill.run(50);
      },
      at: 1,
      strikes: { 'it fails for good, and is exchanged': fail },
    });
  });

  it('S11: ends a leader as well, and another leads', () => {
    const drill = new Drill();
    settled(drill);
    drill.setSyncsFail(3, true);
    assert.equal(drill.write(3, 1, '/never'), false);
    drill.waitFor('its process to end', () => !drill.server(3).isRunning);
    drill.settle();
    assert.equal(drill.leader(), 2);
    drill.setSyncsFail(3, false);
    drill.start(3);
    drill.settle();
    assert.equal(drill.countOf(3, /Up to date in epoch 2/), 1);
  });

  it('S12: lets it start again, whenever in its first election the power went', () => {
    for (const at of [1, 3]) {
      playStruck({
        stage: () => undefined,
        begin: (drill) => drill.start(),
        at,
        strikes: { 'its power goes': cutPower(at), 'it dies': kill(at) },
      });
    }
  });
});

describe('a member that joins', () => {
  it('S15: under load misses nothing, whenever it comes', () => {
    playStruck({
      stage: (drill) => {
        settled(drill);
        drill.server(1).kill();
        drill.load([2, 3], LOAD_US);
        drill.run(20);
      },
      // Nothing happens but the load; server 1 comes at each of the points of the leader.
      begin: (drill) => drill.run(30),
      at: 3,
      strikes: { 'it comes': (drill) => drill.start(1) },
    });
  });

  it('S16: after it served readers alone has nothing of its own', () => {
    const drill = new Drill({ readOnlyAfterMs: 200, localSessions: 'upgrading' });
    settled(drill);
    drill.isolate(1);
    drill.waitFor('read-only mode', () => drill.server(1).machine?.status().readOnly === true);
    let error: number = ErrorCode.OK;
    const reader = drill.client([1], ({ code }) => (error = code), true);
    drill.run(500);
    reader.submit(setRequest('/before-0', 'y'));
    drill.run(500);
    assert.equal(error, ErrorCode.NOTREADONLY);
    assert.ok(drill.write(2, 3, '/meanwhile'));
    drill.heal();
    drill.settle();
    assert.equal(drill.countOf(1, /Up to date in epoch \d+ by DIFF/), 2);
    assert.equal(drill.read(1, '/meanwhile-2'), 'x');
  });

  it('S19: finds the leader, whatever rounds the others have been through', () => {
    const drill = new Drill({ voterCount: 5 });
    settled(drill);
    for (const away of [5, 4]) {
      drill.isolate(away);
      drill.waitFor('another leader', () => drill.leader() > 0 && drill.leader() !== away);
      drill.run(1000);
      drill.heal();
      drill.settle();
    }
    const leader = drill.leader();
    const epoch = drill.server(leader).machine?.status().currentEpoch;
    for (const sid of [1, 2, 3, 4, 5]) {
      if (sid === leader) continue;
      drill.server(sid).kill();
      drill.start(sid);
      drill.settle();
    }
    assert.equal(drill.leader(), leader);
    assert.equal(drill.server(leader).machine?.status().currentEpoch, epoch);
  });
});

describe('the ports of a member', () => {
  it('S17: without a quorum port it leads nobody, and leads when it has one', () => {
    const drill = new Drill({ voterCount: 3 });
    const deaf = { onOpen() {}, onBytes() {}, onClosed() {}, onDrained() {} };
    drill.net.listen(hostOf(3), QUORUM_PORT, () => deaf);
    drill.start();
    drill.run(3000);
    assert.notEqual(drill.leader(), 3);
    assert.ok(drill.countOf(3, /EADDRINUSE/) > 0);
    drill.net.stopListening(hostOf(3), QUORUM_PORT);
    drill.settle();
    assert.ok(drill.leader() > 0);
    assert.ok(drill.write(1, 1, '/served'));
  });

  it('S18: a host that does not answer holds up no election', () => {
    const drill = new Drill({ voterCount: 5 });
    settled(drill);
    // Nobody is told, and dials of these hosts hang for 5 s.
    for (const sid of [1, 5]) drill.server(sid).cutPower();
    drill.waitFor('another leader', () => drill.leader() === 4, 1000);
    const sinceUs = drill.clock.nowUs;
    drill.cut(4);
    drill.server(4).kill();
    drill.start(4);
    drill.waitFor('a leader again', () => drill.leader() > 0, 1000);
    const tookMs = (drill.clock.nowUs - sinceUs) / 1000;
    assert.ok(tookMs < 2000, `${tookMs} ms`);
  });

  it('S20: garbage on the election and quorum ports is dropped, and nobody notices', () => {
    const drill = new Drill();
    settled(drill);
    drill.load([1, 2, 3], LOAD_US);
    drill.forget();
    const bytes = Uint8Array.from({ length: 300 }, (_, index) => (index * 89) & 255);
    const init = [
      255, 255, 255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 99, 0, 0, 0, 3, 97, 58, 49,
    ];
    const bad = [
      bytes,
      Uint8Array.from([...init, 0, 0, 0, 4, 0, 0, 0, 0]),
      Uint8Array.from([0, 0]),
    ];
    const deaf = { onOpen() {}, onBytes() {}, onClosed() {}, onDrained() {} };
    for (const port of [ELECTION_PORT, QUORUM_PORT]) {
      for (const sid of [1, 2, 3]) {
        for (const said of bad) drill.net.dial('10.0.9.9', hostOf(sid), port, deaf).send(said);
      }
    }
    drill.run(3000);
    drill.endLoads();
    drill.settle();
    for (const sid of [1, 2, 3]) assert.equal(drill.countOf(sid, /Leaving|Up to date/), 0);
    assert.equal(drill.leader(), 3);
  });
});

const CHANGING = { everyUs: Number.MAX_SAFE_INTEGER, spareCount: 1 };

function observerLine(sid: number): string {
  const host = hostOf(sid);
  return `server.${sid}=${host}:${QUORUM_PORT}:${ELECTION_PORT}:observer;${host}:${CLIENT_PORT}`;
}

describe('the ensemble', () => {
  it('S21: begins a new epoch before the counter of the old one is used up', () => {
    playStruck({
      plan: { zxidsPerEpoch: 60 },
      stage: (drill) => {
        settled(drill);
        assert.ok(drill.write(1, 20, '/near-the-end'));
      },
      begin: (drill) => {
        drill.load([1, 2], LOAD_US);
        drill.run(200);
        drill.endLoads();
      },
      at: 3,
      strikes: { 'the leader dies': kill(3), 'its links break': cutLinks(3) },
      undisturbed: (drill) => {
        assert.ok(drill.countOf(3, /a new epoch begins/) > 0);
        assert.equal(drill.leader(), 3);
      },
    });
  });

  it('S22: has one configuration, also where a snapshot brought it, and keeps it', () => {
    playStruck({
      plan: { commitLogCount: 5, changes: CHANGING },
      stage: (drill) => {
        drill.start(1, 2, 3);
        drill.settle();
        drill.server(1).kill();
        drill.start(4);
        drill.run(1000);
        const answer = drill.ask(new ReconfigRequest(observerLine(4), null, null, -1), 3);
        assert.equal(answer?.code, ErrorCode.OK);
        assert.ok(drill.write(3, 12, '/meanwhile'));
      },
      begin: (drill) => drill.start(1),
      at: 1,
      strikes: { 'its power goes': cutPower(1), 'its links break': cutLinks(1) },
      undisturbed: (drill) => {
        assert.equal(drill.countOf(1, /Up to date in epoch \d+ by SNAP/), 1);
      },
      finally: (drill) => {
        const texts = [1, 2, 3, 4].map((sid) => drill.read(sid, '/zookeeper/config'));
        assert.match(texts[0] ?? '', /^server\.4=.*observer/m);
        assert.deepEqual(new Set(texts).size, 1);
        assert.equal(drill.server(4).machine?.status().role, 'observer');
      },
    });
  });

  it('S23: a snapshot names every ACL of its znodes, whatever is created meanwhile', () => {
    const aclOf = (n: number) => [
      { perms: 1, scheme: 'ip', id: `10.0.1.${n}` },
      { perms: 31, scheme: 'world', id: 'anyone' },
    ];
    playStruck({
      plan: { commitLogCount: 5 },
      stage: (drill) => {
        settled(drill);
        drill.server(1).kill();
        assert.ok(drill.write(2, 12, '/meanwhile'));
      },
      begin: (drill) => {
        const client = drill.client([2, 3], () => undefined);
        for (let n = 0; n < 40; n++) {
          drill.clock.after(n * 1000, () =>
            client.submit(createRequest(`/acl-${n}`, '', aclOf(n))),
          );
        }
        drill.start(1);
        drill.run(100);
      },
      at: 1,
      strikes: { 'its links break': cutLinks(1) },
      undisturbed: (drill) => {
        assert.equal(drill.countOf(1, /Up to date in epoch \d+ by SNAP/), 1);
      },
      finally: (drill) => {
        for (let n = 0; n < 40; n += 13) {
          const shown = [1, 2, 3].map((sid) => {
            const request = new GetACLRequest(`/acl-${n}`);
            drill.ask(request, sid);
            return JSON.stringify(request.reply?.acl ?? null);
          });
          assert.deepEqual(shown[0], JSON.stringify(aclOf(n)));
          assert.deepEqual(new Set(shown).size, 1);
        }
      },
    });
  });

  it('S24: has observers of small sids, which voters must dial and authenticate to', () => {
    const drill = new Drill({ voterCount: 4, quorumSasl: true, changes: CHANGING });
    drill.start(1, 2, 3, 4);
    drill.settle();
    const answer = drill.ask(new ReconfigRequest(observerLine(1), null, null, -1), 4);
    assert.equal(answer?.code, ErrorCode.OK);
    drill.settle();
    for (const sid of [1, 2, 3, 4]) drill.server(sid).kill();
    drill.start(1, 2, 3, 4);
    drill.settle();
    assert.equal(drill.server(1).machine?.status().role, 'observer');
    assert.ok(drill.countOf(1, /authenticated as zk/) > 0);
    assert.ok(drill.write(1, 1, '/through-the-observer'));
  });
});
