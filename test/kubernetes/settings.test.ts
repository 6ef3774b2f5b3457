/**
 * What the manifests tell a server is what a server understands: every zoo.cfg in them starts one
 * without a warning, and the alerts ask for metrics that there are.
 */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type * as prometheus from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
import { podZooCfg } from 'zabra/dist/bin/k8s/pod-config.js';
import { loadSettings } from 'zabra/dist/config/zoo-cfg.js';
import { Authority, CN } from 'zabra/dist/io/certificates.test-kit.js';
import { METRICS } from 'zabra/dist/peer/metrics.js';
import { ManifestSet, serverOf } from './manifest-set.ts';
import { goldenFile, RENDERINGS } from './renderings.ts';

const DOMAIN = 'zk-hs.default.svc.cluster.local';

describe('the zoo.cfg of', () => {
  let root = '';
  before(() => {
    root = mkdtempSync(join(tmpdir(), 'zabra-manifests-'));
    const authority = new Authority();
    writeFileSync(join(root, 'tls-combined.pem'), authority.issue({ subject: [[CN, 'zk']] }));
    writeFileSync(join(root, 'ca.crt'), authority.pem);
    writeFileSync(join(root, 'myid'), '1\n');
  });
  after(() => rmSync(root, { recursive: true }));

  for (const rendering of RENDERINGS) {
    it(`${rendering.name} starts a server without a warning`, () => {
      const manifests = new ManifestSet(goldenFile(rendering));
      const [map] = manifests.all<{ data: Record<string, string> }>('ConfigMap');
      const [set] = manifests.statefulSets;
      assert.ok(map !== undefined && set !== undefined);
      const parts = Object.keys(map.data)
        .sort()
        .map((name) => map.data[name]);
      const base = parts
        .join('\n')
        .replaceAll('/etc/zookeeper/tls', root)
        .replaceAll('/var/lib/zookeeper/data', root)
        .replaceAll('/var/lib/zookeeper/log', root);
      const number = (flag: string, fallback: number): number => {
        const found = serverOf(set).args?.find((arg) => arg.startsWith(`--${flag}=`));
        return Number(found?.slice(flag.length + 3) ?? fallback);
      };
      const plan = {
        name: `${set.metadata?.name}-0`,
        domain: DOMAIN,
        memberSet: '',
        memberCount: number('members', 3),
        firstId: 1,
        role: 'participant' as const,
        clientPort: number('client-port', 2181),
        quorumPort: number('quorum-port', 2888),
        electionPort: number('election-port', 3888),
      };
      const file = join(root, 'zoo.cfg');
      writeFileSync(file, podZooCfg(base, plan, null));
      const { peer, edge, notes } = loadSettings([file], {}, 'test');
      const warnings = notes.filter(({ level }) => level !== 'info').map(({ message }) => message);
      const isOne = plan.memberCount === 1;
      assert.deepEqual(warnings, isOne ? [warnings[0]] : []);
      if (isOne) assert.match(String(warnings[0]), /No server failure will be tolerated/);
      assert.equal(edge.health?.port, 8080);
      assert.equal(peer.emptyNeedsAllVoters, true);
      assert.equal(peer.ensemble?.members.length, plan.memberCount);
      const isSecure = peer.secureClientAddress !== null;
      assert.equal(isSecure, /tls|^all$/.test(rendering.name));
      assert.equal(peer.clientAddress.port, isSecure ? -1 : 2181);
    });
  }
});

describe('the alerts', () => {
  it('ask for metrics that servers have', () => {
    const rendering = RENDERINGS.find(({ name }) => name === 'metrics');
    assert.ok(rendering !== undefined);
    const [rules] = new ManifestSet(goldenFile(rendering)).all<prometheus.IPrometheusRule>(
      'PrometheusRule',
    );
    const expressions = (rules?.spec.groups ?? []).flatMap(({ rules: list = [] }) =>
      list.map(({ expr }) => String(expr)),
    );
    assert.ok(expressions.length > 0);
    const known = new Set(['up']);
    for (const { name, kind } of METRICS) {
      const names = kind === 'summary' ? [`${name}_sum`, `${name}_count`] : [name];
      for (const one of names) known.add(one);
    }
    for (const expression of expressions) {
      const asked = [...expression.matchAll(/([a-z_]+)\{/g)].map(([, name]) => String(name));
      assert.ok(asked.length > 0, expression);
      for (const name of asked) assert.ok(known.has(name), `${name} in ${expression}`);
    }
  });
});
