/**
 * The differential test: what clients of a real Apache ZooKeeper server see is what clients of ours
 * see, for operations drawn from a seed. `ZABRA_DIFF_SEED` repeats a run, `ZABRA_DIFF_COUNT` sets
 * the number of operations against 3.9.5 (a quarter of it goes to 3.8.0), `ZABRA_DIFF_VERSION`
 * names one version alone. What is forgiven and what is left out is in `docs/compatibility.md`.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { runCampaign } from '../differential/campaign.ts';
import type { PeerVersion } from '../differential/peer-version.ts';
import { renderFailure } from '../differential/report.ts';
import { apachePair } from '../differential/server-pair.ts';
import { ROOT } from '../process/server-process.ts';

const COUNT_DEFAULT = 20_000;
/** Version and how many times fewer operations it gets. */
const VERSIONS: readonly (readonly [PeerVersion, number])[] = [
  ['3.9.5', 1],
  ['3.8.0', 4],
];
/** Digits of the commit id that make the seed: they fit a double exactly. */
const SEED_DIGITS = 12;

describe('clients of Apache ZooKeeper and of Zabra see the same', { concurrency: 1 }, () => {
  const seed = seedOf(process.env['ZABRA_DIFF_SEED']);
  const count = Number(process.env['ZABRA_DIFF_COUNT'] ?? COUNT_DEFAULT);
  const only = process.env['ZABRA_DIFF_VERSION'];
  for (const [version, share] of VERSIONS) {
    if (only !== undefined && only !== version) continue;
    it(`as version ${version} answers`, async (t) => {
      const wanted = Math.ceil(count / share);
      const { operations, coverage, failure } = await runCampaign(
        apachePair(version),
        seed,
        wanted,
      );
      t.diagnostic(`differential: seed ${seed}, ${operations} operations against ${version}`);
      if (failure !== null) assert.fail(renderFailure(failure));
      assert.ok(operations >= wanted);
      // Programs for the older version leave more out.
      if (version === '3.9.5' && wanted >= COUNT_DEFAULT) assert.deepEqual(coverage.missing(), []);
    });
  }
});

/** Without a commit, as in an unpacked archive, it is always the same. */
function seedOf(given: string | undefined): number {
  if (given !== undefined) return Number(given);
  if (!existsSync(join(ROOT, '.git'))) return 1;
  const id = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: ROOT, encoding: 'utf8' });
  return Number.parseInt(id.slice(0, SEED_DIGITS), 16);
}
