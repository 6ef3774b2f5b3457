/** What containers run exists: each option in a manifest is one that the command knows. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ICronJob } from 'kubernetes-models/batch/v1';
import { zabra } from '../process/recover-command.ts';
import { ManifestSet, serverOf } from './manifest-set.ts';
import { goldenFile, RENDERINGS } from './renderings.ts';

describe('the commands of containers', () => {
  it('have options that there are', async () => {
    const seen = new Set<string>();
    for (const rendering of RENDERINGS) {
      const manifests = new ManifestSet(goldenFile(rendering));
      const jobs = manifests.all<ICronJob>('CronJob').flatMap(({ spec }) => {
        return spec?.jobTemplate.spec?.template.spec?.containers ?? [];
      });
      for (const { command = [], args = [] } of [
        ...manifests.statefulSets.map(serverOf),
        ...jobs,
      ]) {
        assert.deepEqual(command.slice(0, 2), ['zabra', 'k8s']);
        for (const arg of args) seen.add(`${command[2]} ${arg.split('=')[0]}`);
      }
    }
    assert.ok(seen.has('start --members') && seen.has('backup --to'));
    for (const verb of ['start', 'backup']) {
      const { text } = await zabra('k8s', verb, '--help');
      for (const use of seen) {
        const [of, option = ''] = use.split(' ');
        if (of === verb) assert.match(text, new RegExp(`^  ${option} `, 'm'), use);
      }
    }
  });
});
