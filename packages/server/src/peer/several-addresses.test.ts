/**
 * A member with several addresses does what it can with those that it has: one that cannot be
 * opened costs neither an election port nor a reign, as in Apache; without any it has to give up.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseEnsembleText } from '../zab/ensemble-text.ts';
import { AGREE, MemberBed, THREE_TEXT } from './member-bed.test-kit.ts';

const TWO_ADDRESSES = THREE_TEXT.replace(
  'server.3=h3:2888:3888:participant',
  'server.3=h3:2888:3888:participant|k3:2889:3889:participant',
);
/** Tries before an election address is given up, in the words of `electionPortBindRetry`. */
const TRIES = 4;

function memberOfTwoAddresses(): MemberBed {
  const { config, error } = parseEnsembleText(TWO_ADDRESSES);
  assert.equal(error, null);
  return new MemberBed({ ensemble: config });
}

describe('a member with two addresses', () => {
  it('opens both ports at both', () => {
    const bed = memberOfTwoAddresses();
    bed.run();
    for (const port of ['election:3888', 'election:3889', 'quorum:2888', 'quorum:2889']) {
      assert.ok(bed.ports.has(port), port);
    }
  });

  it('leads when one of its quorum addresses cannot be opened', () => {
    const bed = memberOfTwoAddresses();
    bed.run();
    bed.peer.onListenFailed('quorum', 'k3', 2889, 'EADDRNOTAVAIL');
    bed.voter = AGREE;
    bed.until(() => bed.peer.status().role === 'leader');
    bed.peer.onListenFailed('quorum', 'k3', 2889, 'EADDRNOTAVAIL');
    bed.run();
    assert.equal(bed.peer.status().role, 'leader');
    bed.peer.onListenFailed('quorum', 'h3', 2888, 'EADDRNOTAVAIL');
    bed.run();
    assert.ok(bed.says().some((line) => /^Leaving LEADING: .*h3:2888.*/.test(line)));
  });

  it('lives on when one of its election addresses cannot be opened, and ends without any', () => {
    const bed = memberOfTwoAddresses();
    bed.run();
    bed.peer.onListening('election', 'h3', 3888);
    for (let count = 0; count < TRIES; count++) {
      bed.peer.onListenFailed('election', 'k3', 3889, 'EADDRNOTAVAIL');
    }
    bed.run();
    assert.equal(bed.exit, null);
    assert.ok(bed.says().some((line) => /k3:3889.*EADDRNOTAVAIL.*our other addresses/.test(line)));
    const deaf = memberOfTwoAddresses();
    deaf.run();
    for (let count = 0; count < TRIES; count++) {
      deaf.peer.onListenFailed('election', 'k3', 3889, 'EADDRNOTAVAIL');
    }
    assert.match(deaf.exit?.reason ?? '', /k3:3889/);
  });
});
