/**
 * Manifests and chart, rendered by kustomize and helm as a user has them. The results are the
 * golden files that `test/kubernetes` judges; ZABRA_REWRITE=1 writes them.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { goldenFile, head, RENDERINGS } from '../kubernetes/renderings.ts';
import { ROOT } from '../process/server-process.ts';

const CACHE = process.env['ZABRA_INTEROP_CACHE'] ?? join(ROOT, '.cache/interop');

describe('manifests and chart', () => {
  for (const rendering of RENDERINGS) {
    const { name, program, args } = rendering;
    it(`${program} renders ${name} as it is kept`, () => {
      const command = join(CACHE, 'kubernetes-tools', program);
      const options = { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' } as const;
      const text = head(rendering) + execFileSync(command, args, options);
      if (process.env['ZABRA_REWRITE'] === '1') writeFileSync(goldenFile(rendering), text);
      assert.equal(readFileSync(goldenFile(rendering), 'utf8'), text);
    });
  }

  it('helm refuses TLS without an issuer, and finds nothing wrong with the chart', () => {
    const helm = join(CACHE, 'kubernetes-tools', 'helm');
    const options = { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' } as const;
    const sets = ['--set', 'tls.client.enabled=true,tls.certManager.create=true'];
    const args = ['template', 'my', 'deploy/helm/zookeeper', '--kube-version', '1.30.0', ...sets];
    assert.throws(() => execFileSync(helm, args, options), /issuerName is not set/);
    const said = execFileSync(helm, ['lint', '--strict', 'deploy/helm/zookeeper'], options);
    assert.match(said, /1 chart\(s\) linted, 0 chart\(s\) failed/);
  });
});
