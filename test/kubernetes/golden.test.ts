/**
 * The golden files are of the present manifests and chart. Rendering them anew needs kustomize and
 * helm: `npm run test:interop` does, and writes them with ZABRA_REWRITE=1.
 */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { ManifestSet, serverOf } from './manifest-set.ts';
import { GOLDEN, goldenFile, head, RENDERINGS } from './renderings.ts';

describe('golden renderings', () => {
  it('are all there, and no others', () => {
    const wanted = RENDERINGS.map(({ name }) => `${name}.yaml`);
    const present = readdirSync(GOLDEN).filter((name) => name.endsWith('.yaml'));
    assert.deepEqual(present.sort(), wanted.sort());
  });

  for (const rendering of RENDERINGS) {
    it(`${rendering.name} is up to date`, () => {
      const [line] = readFileSync(goldenFile(rendering), 'utf8').split('\n');
      const hint = 'It is old: render it anew with ZABRA_REWRITE=1 npm run test:interop';
      assert.equal(`${line}\n`, head(rendering), hint);
    });
  }

  const of = (name: string): ManifestSet => {
    const rendering = RENDERINGS.find((one) => one.name === name);
    assert.ok(rendering !== undefined);
    return new ManifestSet(goldenFile(rendering));
  };

  it('differ from the base by what their names say', () => {
    const base = of('production')
      .kinds()
      .filter((kind) => !kind.startsWith('ConfigMap/'));
    const more = (name: string): string[] => {
      const kinds = of(name).kinds();
      for (const kind of base) assert.ok(kinds.includes(kind), `${kind} in ${name}`);
      return kinds.filter((kind) => !base.includes(kind) && !kind.startsWith('ConfigMap/')).sort();
    };
    assert.deepEqual(more('metrics'), ['PrometheusRule/zk', 'ServiceMonitor/zk']);
    assert.deepEqual(more('networkpolicy'), ['NetworkPolicy/zk']);
    assert.deepEqual(more('tls'), ['Certificate/zk-tls']);
    assert.deepEqual(more('backup'), ['CronJob/zk-backup', 'PersistentVolumeClaim/zk-backup']);
    assert.deepEqual(more('single-node'), []);
    assert.deepEqual(more('k8s-1.20'), []);
    assert.deepEqual(more('observers'), [
      'PodDisruptionBudget/zk-observer-pdb',
      'Service/zk-observer-cs',
      'StatefulSet/zk-observer',
    ]);
    const [budget] = of('k8s-1.20').budgets;
    assert.equal(String(budget?.apiVersion), 'policy/v1beta1');
    const [one] = of('single-node').statefulSets;
    assert.ok(one !== undefined);
    assert.equal(one.spec?.replicas, 1);
    assert.deepEqual(serverOf(one).args, ['--members=1']);
  });

  it('close the plain port under TLS', () => {
    for (const name of ['tls', 'all', 'helm-tls']) {
      for (const set of of(name).statefulSets) {
        assert.ok(serverOf(set).args?.includes('--client-port=0'), name);
        assert.ok(
          serverOf(set).ports?.every(({ containerPort }) => containerPort !== 2181),
          name,
        );
      }
      const ports = of(name).services.flatMap(({ spec }) => spec?.ports?.map(({ port }) => port));
      assert.ok(!ports.includes(2181) && ports.includes(2281), name);
    }
  });
});
