/**
 * Four-letter words against what real servers printed (test/golden/operations/4lw): with the same
 * figures the texts are the same to the byte. Then the words of a server as clients get them.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { int64Decimal } from '@zabra/protocol';
import { DigestLog } from '../ops/digest-log.ts';
import { ServerBed } from './server-bed.test-kit.ts';
import { javaDouble } from './four-letter-words.ts';
import {
  answerOf,
  connectionOf,
  golden,
  listsOf,
  PLAIN,
  statsOf,
  viewOf,
} from './word-view.test-kit.ts';

describe('texts of real servers', () => {
  it('srvr of a follower', () => {
    const stats = statsOf(109, 121, [10_000, 50_247, 114]);
    const view = viewOf({ stats, mode: 'follower', zxid: 0x10000003b, znodeCount: 9 });
    const text = answerOf('srvr', viewOf({ ...view, connectionCount: 2 }));
    assert.equal(text, golden('srvr-follower.txt'));
  });

  it('srvr of a leader, with the sizes of its proposals', () => {
    const stats = statsOf(97, 109, [10_000, 36_143, 111]);
    for (const bytes of [36, 50, 99]) stats.onProposed(bytes);
    const view = viewOf({ stats, mode: 'leader', zxid: 0x10000003b, znodeCount: 9 });
    const text = answerOf('srvr', viewOf({ ...view, connectionCount: 2 }));
    assert.equal(text, golden('srvr-leader.txt'));
  });

  it('srvr of a leader before its first proposal', () => {
    const text = answerOf('srvr', viewOf({ mode: 'leader' }));
    assert.match(text ?? '', /\nProposal sizes last\/min\/max: -1\/-1\/-1\n$/);
  });

  it('stat of a server that stands alone', () => {
    const stats = statsOf(32, 33, [10, 12, 6]);
    const connections = [connectionOf(41_622, 'session', 20, 20), connectionOf(48_644, null, 1, 0)];
    const view = viewOf({ stats, zxid: 0x159, znodeCount: 21, connectionCount: 2 });
    const text = answerOf('stat', {
      ...view,
      lists: listsOf({ connections: () => connections.values() }),
    });
    assert.equal(text, golden('stat-standalone.txt'));
  });

  it('conf of a server that stands alone', () => {
    const clientAddress = { host: '127.0.0.1', port: 25_110 };
    const directory = '/var/lib/zookeeper/version-2';
    const config = { ...PLAIN, clientAddress, dataDir: directory, dataLogDir: directory };
    const text = answerOf('conf', viewOf({ config, directoryBytes: () => 67_109_358 }));
    assert.equal(text, golden('conf-standalone.txt'));
  });

  it('conf of a follower', () => {
    const wanted = golden('conf-follower.txt');
    const directory = '/var/lib/zookeeper/version-2';
    const config = {
      ...PLAIN,
      ensemble: { members: [], groups: new Map(), weights: new Map(), version: 0 },
      clientAddress: { host: '127.0.0.1', port: 25_201 },
      dataDir: directory,
      dataLogDir: directory,
    };
    const view = viewOf({
      config,
      directoryBytes: () => 67_109_602,
      ensembleText: wanted.slice(wanted.indexOf('server.1')),
      electionPort: 25_221,
      quorumPort: 25_211,
    });
    assert.equal(answerOf('conf', view), wanted);
  });

  it('of a server that does not serve', () => {
    const wanted = JSON.parse(golden('_not-serving.json')) as Record<string, string>;
    const view = viewOf({ serving: false, config: { ...PLAIN, fourLetterWords: new Set(['*']) } });
    for (const [word, text] of Object.entries(wanted)) {
      assert.equal(answerOf(word, view), text, word);
    }
  });
});

describe('answerWord', () => {
  it('answers the words that are enabled, srvr always, and says which are not', () => {
    const rows: [enabled: string[], word: string, isAnswered: boolean][] = [
      [[], 'srvr', true],
      [[], 'ruok', false],
      [['ruok'], 'ruok', true],
      [['ruok'], 'stat', false],
      [['*'], 'stat', true],
    ];
    for (const [enabled, word, isAnswered] of rows) {
      const config = { ...PLAIN, fourLetterWords: new Set(enabled) };
      const refusal = `${word} is not executed because it is not in the whitelist.\n`;
      assert.equal(answerOf(word, viewOf({ config })) !== refusal, isAnswered);
    }
  });

  it('moves the leadership only by words that are named', () => {
    const rows: readonly [word: string, enabled: string[], can: boolean, answer: RegExp][] = [
      ['ydld', ['ydld'], true, /^Sent yield leadership request to leader\.$/],
      ['ydld', ['ydld'], false, /^Failed to send yield leadership request to leader\.$/],
      ['rqld', ['rqld'], true, /^Sent leadership request to leader\.$/],
      ['rqld', ['rqld'], false, /^Failed to send leadership request to leader\.$/],
      ['ydld', ['*'], true, /^ydld is not executed because it is not in the whitelist\.\n$/],
      ['rqld', ['*', 'ydld'], true, /^rqld is not executed/],
    ];
    for (const [word, enabled, can, answer] of rows) {
      const asked: string[] = [];
      const view = viewOf({
        config: { ...PLAIN, fourLetterWords: new Set(enabled) },
        yieldLead: () => asked.push('ydld') > 0 && can,
        requestLead: () => asked.push('rqld') > 0 && can,
      });
      const text = answerOf(word, view) ?? '';
      assert.match(text, answer);
      assert.deepEqual(asked, text.includes('not executed') ? [] : [word]);
    }
  });

  it('knows every word of ZooKeeper 3.9.5', () => {
    const words =
      'conf cons crst dirs dump envi gtmk hash isro mntr ruok srst srvr stat stmk wchc wchp wchs';
    for (const word of words.split(' ')) assert.notEqual(answerOf(word, viewOf({})), null, word);
  });

  it('knows no other word, whatever objects have by themselves', () => {
    for (const word of ['reqs', 'RUOK', 'toString', '__proto__', 'kill', '']) {
      assert.equal(answerOf(word, viewOf({})), null);
    }
  });

  it('srst begins the counters anew', () => {
    const view = viewOf({ stats: statsOf(5, 6, [1, 2, 3]) });
    assert.equal(answerOf('srst', view), 'Server stats reset.\n');
    assert.match(answerOf('srvr', view) ?? '', /min\/avg\/max: 0\/0\.0\/0\nReceived: 0\nSent: 0\n/);
  });
});

describe('the mask of traces', () => {
  it('is shown and set, and nothing is said to who leaves its eight bytes out', () => {
    const view = viewOf({});
    assert.equal(answerOf('gtmk', view), '306');
    const mask = Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 2, 0xff);
    assert.equal(answerOf('stmk', view, mask.subarray(0, 7)), '');
    assert.equal(answerOf('stmk', view, mask), '4294967298');
    assert.equal(answerOf('gtmk', view), '4294967298');
    assert.equal(answerOf('stmk', view, new Uint8Array(8).fill(0xff)), '-1');
    assert.equal(answerOf('gtmk', { ...view, serving: false }), '-1');
  });

  it('comes behind its word on the connection', () => {
    const bed = new ServerBed();
    const client = bed.connect();
    client.sendRaw(Buffer.from('stm'));
    bed.run();
    client.sendRaw(Buffer.from('k\0\0\0\0\0\0\x01\0\n'));
    bed.run();
    assert.equal(Buffer.from(client.raw()).toString(), '256');
    const short = bed.connect();
    short.sendRaw(Buffer.from('stmk\0'));
    bed.run();
    assert.equal(short.raw().length, 0);
    assert.equal(short.closed, 'gently');
  });
});

describe('hash', () => {
  it('has a digest for every 128th zxid, the newest last, and forgets the oldest', () => {
    const digests = new DigestLog();
    const view = viewOf({ lists: listsOf({ digests }) });
    assert.equal(answerOf('hash', view), '');
    digests.onApplied(0x80, 6, 0x7bd2ea94);
    digests.onApplied(0x81, 1, 1);
    digests.onApplied(0x100, 6, 0xf284f1c0);
    assert.equal(answerOf('hash', view), golden('hash-standalone.txt'));
    digests.onApplied(0x180, 0xffff_ffff, 0xffff_fffe);
    assert.match(answerOf('hash', view) ?? '', /\n180: -2\n$/);
    for (let entry = 4; entry < 2000; entry++) digests.onApplied(entry * 128, 0, 0);
    const lines = (answerOf('hash', view) ?? '').trimEnd().split('\n');
    assert.deepEqual([lines.length, lines.at(-1)], [1024, '3e780: 0']);
  });

  it('is of the tree of the server', () => {
    const bed = new ServerBed();
    const client = bed.client();
    for (let xid = 1; xid < 128; xid++) client.create(xid, `/n${xid}`);
    bed.run();
    assert.equal(bed.core.state.lastProcessedZxid, 128);
    const { hi, lo } = bed.core.state.digest();
    const asker = bed.connect();
    asker.sendRaw(Buffer.from('hash'));
    bed.run();
    assert.equal(Buffer.from(asker.raw()).toString(), `80: ${int64Decimal(hi | 0, lo | 0)}\n`);
  });
});

describe('javaDouble', () => {
  it('prints a fraction always, rounded half up to four places, without zeros at the end', () => {
    const rows: [number, string][] = [
      [0, '0.0'],
      [5, '5.0'],
      [5.4, '5.4'],
      [1 / 3, '0.3333'],
      [2 / 3, '0.6667'],
      [0.000_04, '0.0'],
      [12.000_05, '12.0001'],
    ];
    for (const [value, text] of rows) assert.equal(javaDouble(value), text);
  });
});

describe('a word on a connection', () => {
  it('is answered without a header, then closed; what follows it is ignored', () => {
    const bed = new ServerBed();
    for (const tail of ['', '\n', '\r\n', 'stat', 'x'.repeat(5000)]) {
      const client = bed.connect();
      client.sendRaw(Buffer.from(`ruok${tail}`));
      bed.run();
      assert.equal(Buffer.from(client.raw()).toString(), 'imok');
      assert.equal(client.closed, 'gently');
    }
  });

  it('may come in pieces', () => {
    const bed = new ServerBed();
    const client = bed.connect();
    for (const letter of 'ruok') {
      client.sendRaw(Buffer.from(letter));
      bed.run();
    }
    assert.equal(Buffer.from(client.raw()).toString(), 'imok');
  });

  it('that does not exist closes without a word', () => {
    const bed = new ServerBed();
    const client = bed.connect();
    client.sendRaw(Buffer.from('what'));
    bed.run();
    assert.equal(client.closed, 'cut');
    assert.equal(client.raw().length, 0);
    assert.equal(bed.core.stats.malformedRequestCount, 1);
  });

  it('is no word once the connection has a session', () => {
    const bed = new ServerBed();
    const client = bed.client();
    client.sendRaw(Buffer.from('ruok'));
    bed.run();
    assert.equal(client.closed, 'cut');
    assert.equal(client.raw().length, 0);
  });

  it('shows the connection itself', () => {
    const bed = new ServerBed();
    bed.client();
    const client = bed.connect('10.0.0.9', 999);
    client.sendRaw(Buffer.from('stat'));
    bed.run();
    const text = Buffer.from(client.raw()).toString();
    assert.match(text, /\n \/10\.0\.0\.9:999\[0\]\(queued=0,recved=1,sent=0\)\n/);
    assert.match(text, /\nConnections: 2\nOutstanding: 0\nZxid: 0x1\nMode: standalone\n/);
    assert.match(text, /\nNode count: 5\n$/);
  });

  it('is answered while nobody is served', () => {
    const bed = new ServerBed();
    bed.endRole();
    for (const [word, text] of [
      ['ruok', 'imok'],
      ['isro', 'null'],
      ['stat', 'This ZooKeeper instance is not currently serving requests\n'],
    ] as const) {
      const client = bed.connect();
      client.sendRaw(Buffer.from(word));
      bed.run();
      assert.equal(Buffer.from(client.raw()).toString(), text);
    }
  });
});
