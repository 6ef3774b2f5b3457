/**
 * The differential test tests itself: two servers of ours that are configured alike agree, and one
 * that checks no ACL is found out, by a program that is short in the end.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runCampaign } from './campaign.ts';
import type { CampaignResult } from './campaign.ts';
import { operationCount } from './program.ts';
import { renderFailure } from './report.ts';

const SEED = 1;
const OPERATIONS_MAX = 3000;
const SHRUNK_MAX = 12;

async function compareWithOurs(realExtra: readonly string[]): Promise<CampaignResult> {
  const options = { version: '3.9.5', realKind: 'zabra', realExtra } as const;
  return await runCampaign(options, SEED, OPERATIONS_MAX);
}

describe('the differential test', { concurrency: 1 }, () => {
  it('finds no difference between two servers of one kind', async () => {
    const { failure, operations } = await compareWithOurs([]);
    assert.equal(failure === null ? '' : renderFailure(failure), '');
    assert.ok(operations >= OPERATIONS_MAX);
  });

  it('finds a server that checks no ACL, and shrinks the way there', async () => {
    const { failure } = await compareWithOurs(['skipACL=yes']);
    assert.ok(failure !== null, 'Nothing was found');
    assert.equal(failure.isShrunk, true);
    const { performed, mismatch } = failure.result;
    const operations = performed.reduce((sum, { step }) => sum + operationCount(step), 0);
    const text = renderFailure(failure);
    assert.ok(operations <= SHRUNK_MAX, text);
    // It sees NOAUTH on one side only.
    assert.match(`${mismatch?.real} against ${mismatch?.ours}`, /-102/);
    assert.match(text, /seed 1 .*shrunk/);
  });
});
