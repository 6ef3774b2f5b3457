/** Renderers of log events: the line that operators grep for, JSON, levels, no forged lines. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LogEvent } from '../peer/ready.ts';
import { log4jLine, makeLogSink } from './log-lines.ts';

const AT_MS = new Date(2026, 10, 23, 19, 55, 32, 6).getTime();

function event(level: LogEvent['level'], message: string): LogEvent {
  return { level, thread: 'QuorumPeer[myid=1]', source: 'QuorumPeer', message };
}

async function collect(
  format: 'log4j' | 'json',
  level: LogEvent['level'],
  events: LogEvent[],
): Promise<string> {
  let text = '';
  const write = (lines: string) => {
    text += lines;
  };
  const sink = await makeLogSink({ format, level, myid: '1', wallMs: () => AT_MS, write });
  sink(events);
  return text;
}

describe('log4jLine', () => {
  const rows = [
    { level: 'info', padded: 'INFO ' },
    { level: 'warn', padded: 'WARN ' },
    { level: 'error', padded: 'ERROR' },
    { level: 'debug', padded: 'DEBUG' },
  ] as const;
  for (const { level, padded } of rows) {
    it(`pads the level ${level} to five characters`, () => {
      assert.equal(
        log4jLine(event(level, 'LOOKING'), AT_MS, '1'),
        `2026-11-23 19:55:32,006 [myid:1] - ${padded} ` +
          '[QuorumPeer[myid=1]:QuorumPeer@0] - LOOKING\n',
      );
    });
  }

  it('keeps a message on one line, whoever wrote it', () => {
    const line = log4jLine(event('warn', 'path /a\n2026 ERROR\r\nforged'), AT_MS, '');
    assert.equal(line.split('\n').length, 2);
    assert.match(line, /path \/a\\n2026 ERROR\\r\\nforged\n$/);
  });
});

describe('makeLogSink', () => {
  it('writes the events of a turn together and drops those below the level', async () => {
    const events = [event('debug', 'a'), event('info', 'b'), event('error', 'c')];
    const messages = async (level: LogEvent['level']) =>
      (await collect('log4j', level, events)).match(/(?<= - )[abc](?=\n)/g);
    assert.deepEqual(await messages('debug'), ['a', 'b', 'c']);
    assert.deepEqual(await messages('info'), ['b', 'c']);
    assert.deepEqual(await messages('error'), ['c']);
  });

  it('writes JSON lines with level, thread, source, time and id', async () => {
    const text = await collect('json', 'info', [event('debug', 'no'), event('warn', 'say "hi"\n')]);
    const lines = text.trimEnd().split('\n');
    assert.equal(lines.length, 1);
    assert.deepEqual(JSON.parse(lines[0] ?? ''), {
      level: 'warn',
      time: new Date(AT_MS).toISOString(),
      myid: '1',
      thread: 'QuorumPeer[myid=1]',
      source: 'QuorumPeer',
      message: 'say "hi"\n',
    });
  });
});
