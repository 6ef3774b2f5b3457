/**
 * A short fuzz run of every kind of server and over sockets, and that a run repeats itself. The
 * long one, with a million inputs, is `npm run test:fuzz`.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { missing } from './expectations.ts';
import { parseRegression, regressionText } from './input.ts';
import { type LaneResult, runLane } from './lane.ts';
import { judgeBody } from './naive-reader.ts';
import { drawBatch } from './program.ts';
import { CLIENT_OPCODES } from './schema.ts';
import { SERVER_KINDS, type ServerKind, serverKind } from './servers.ts';
import { runSockets } from './socket-run.ts';

const SEED = 3;
const INPUTS = 2400;
const SOCKET_INPUTS = 1000;

function run(kind: ServerKind, count: number): LaneResult {
  const options = { until: -1, sampleCount: 0, onBatch: () => undefined };
  return runLane({ kind, seed: SEED, count, ...options });
}

describe('fuzzed servers', () => {
  const results: LaneResult[] = [];
  for (const kind of SERVER_KINDS) {
    it(`bear everything, as "${kind.name}"`, () => {
      const result = run(kind, INPUTS);
      assert.equal(result.failure?.message, undefined);
      assert.ok(result.healthyAnswers > 0);
      results.push(result);
    });
  }

  it('met every state', () => {
    const [first, ...others] = results.map(({ cells }) => cells);
    assert.ok(first !== undefined);
    for (const cells of others) first.merge(cells);
    assert.deepEqual(missing(first, SERVER_KINDS), []);
  });

  it('bear it over sockets, too', async () => {
    const { inputs, changes } = await runSockets(SEED, SOCKET_INPUTS);
    assert.ok(inputs >= SOCKET_INPUTS && changes > 0);
  });
});

describe('fuzz runs', () => {
  it('repeat themselves to the byte', () => {
    const kind = serverKind('small');
    const twice = [run(kind, INPUTS), run(kind, INPUTS)].map((result) => ({
      cells: result.cells.toRows(),
      transactions: result.transactions,
      answers: result.healthyAnswers,
    }));
    assert.deepEqual(twice[0], twice[1]);
  });

  it('are kept as text without loss', () => {
    const batches = [drawBatch(SEED, serverKind('plain'))];
    const regression = { server: 'plain', fault: 'none', times: 1, batches };
    assert.deepEqual(parseRegression(regressionText(regression)), regression);
  });

  it('judge every operation of clients by its records', () => {
    for (const opcode of CLIENT_OPCODES) {
      assert.notEqual(judgeBody(opcode, new Uint8Array(0), 0, 0), 'unknown', String(opcode));
    }
  });
});
