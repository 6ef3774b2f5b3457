/** Connections and four-letter words in the log, as ZooKeeper 3.4 tells of them, or not at all. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ServerBed } from './server-bed.test-kit.ts';

const FACTORY = 'NIOServerCxn.Factory:0.0.0.0/0.0.0.0:2181';

/** What one connection that asks a word, and one with a session, leave in the log. */
function logged(connectionLog: boolean): string[] {
  const clientAddress = { host: '0.0.0.0', port: 2181 };
  const bed = new ServerBed({ connectionLog, clientAddress });
  const lines: string[] = [];
  const { ready } = bed.core;
  const listen = ready.log.bind(ready);
  ready.log = (level, thread, source, message) => {
    lines.push(`${level} [${thread}:${source}] ${message}`);
    listen(level, thread, source, message);
  };
  const probe = bed.connect('127.0.0.1', 50_000);
  probe.sendRaw(new TextEncoder().encode('ruok'));
  bed.run();
  const client = bed.connect('127.0.0.1', 50_001);
  client.handshake({ timeoutMs: 4000 });
  client.hangUp();
  bed.run();
  return lines.filter((line) => /socket connection|Processing/.test(line));
}

describe('ConnectionLog', () => {
  it('tells of connections and words when it is on', () => {
    const [accepted, asked, closed, ...others] = logged(true);
    const from = '/127.0.0.1:50000';
    const factory = `info [${FACTORY}:NIOServerCnxn`;
    assert.equal(accepted, `${factory}Factory] Accepted socket connection from ${from}`);
    assert.equal(asked, `${factory}] Processing ruok command from ${from}`);
    const none = '(no session established for client)';
    const thread = 'info [Thread-0:NIOServerCnxn]';
    assert.equal(closed, `${thread} Closed socket connection for client ${from} ${none}`);
    assert.match(others[0] ?? '', /Accepted socket connection from \/127\.0\.0\.1:50001$/);
    assert.match(others[1] ?? '', /\[Thread-1:.* \/127\.0\.0\.1:50001 which had sessionid 0x1/);
  });

  it('leaves a word at DEBUG when it is off, and nothing else', () => {
    const line = `debug [${FACTORY}:NIOServerCnxn] Processing ruok command from /127.0.0.1:50000`;
    assert.deepEqual(logged(false), [line]);
  });
});
