/** The generator: the same seed gives the same program, and programs keep the rules of barring. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OpCode, Prng, Xid } from '@zabra/protocol';
import { isBarred } from './barred.ts';
import { mustBeLast, mustStandAlone } from './batch-rules.ts';
import { Generator } from './generator.ts';
import { mayOvertake } from './link.ts';
import { PEER_VERSIONS, type PeerVersion } from './peer-version.ts';
import { operationCount, type Program, type Request, type Step } from './program.ts';
import { isWrite } from './request-parts.ts';

const SEEDS = 12;
const OPERATIONS = 1500;

function programOf(seed: number, version: PeerVersion): Program {
  return new Generator(new Prng(seed), version).program(OPERATIONS);
}

function forEachStep(visit: (step: Step, version: PeerVersion, place: string) => void): void {
  for (const version of PEER_VERSIONS) {
    for (let seed = 0; seed < SEEDS; seed++) {
      programOf(seed, version).forEach((step, index) => {
        visit(step, version, `seed ${seed} of ${version}, step ${index}`);
      });
    }
  }
}

function partsOfStep(step: Step): readonly { slot: number; requests: readonly Request[] }[] {
  if (step.kind === 'connect') return [step];
  return step.kind === 'batch' ? step.parts : [];
}

describe('the generator', () => {
  it('makes the same program of the same seed, and another of another', () => {
    for (const version of PEER_VERSIONS) {
      assert.deepEqual(programOf(7, version), programOf(7, version));
      assert.notDeepEqual(programOf(7, version), programOf(8, version));
    }
  });

  it('makes as many operations as it is asked for, and hardly more', () => {
    const count = programOf(3, '3.9.5').reduce((sum, step) => sum + operationCount(step), 0);
    assert.ok(count >= OPERATIONS && count < OPERATIONS + 100, String(count));
  });

  it('draws nothing that is barred', () => {
    forEachStep((step, version, place) => {
      for (const { slot, requests } of partsOfStep(step)) {
        for (const request of requests) assert.ok(!isBarred(request, slot, version), place);
      }
    });
  });

  it('lets nothing stand beside or behind what must stand alone or last', () => {
    forEachStep((step, _version, place) => {
      for (const { requests } of partsOfStep(step)) {
        requests.forEach((request, index) => {
          if (mustStandAlone(request)) assert.equal(requests.length, 1, place);
          if (mustBeLast(request)) assert.equal(index, requests.length - 1, place);
        });
      }
    });
  });

  it('sends only reads behind a closeSession, before a handshake ends, from several slots', () => {
    forEachStep((step, _version, place) => {
      const parts = partsOfStep(step);
      for (const { requests } of parts) {
        const closing = requests.findIndex(({ opcode }) => opcode === OpCode.closeSession);
        const first = parts.length > 1 || step.kind === 'connect' ? 0 : closing + 1;
        if (closing < 0 && first === 0 && parts.length === 1 && step.kind === 'batch') continue;
        const writes = requests.slice(first).filter(({ opcode }) => isWrite(opcode));
        assert.deepEqual(writes, [], place);
      }
    });
  });

  it('gives no request the xid of events, and what may overtake an xid of its own', () => {
    const seen = new Set<string>();
    forEachStep((step, _version, place) => {
      for (const { requests } of partsOfStep(step)) {
        for (const { xid, opcode } of requests) {
          assert.notEqual(xid, Xid.NOTIFICATION, place);
          const run = place.slice(0, place.indexOf(','));
          if (!mayOvertake(opcode)) continue;
          assert.ok(!seen.has(`${run} ${xid}`), place);
          seen.add(`${run} ${xid}`);
        }
      }
    });
    assert.ok(seen.size > 0);
  });
});
