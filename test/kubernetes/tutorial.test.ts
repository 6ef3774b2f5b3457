/** The tutorial's manifest: its objects, names and flags, which the tutorial's steps rely on. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TUTORIAL_FLAGS } from 'zabra/dist/bin/pod/tutorial-flags.test-kit.js';
import { ManifestSet, podLabels, podsOf, serverOf } from './manifest-set.ts';
import { TUTORIAL } from './renderings.ts';

describe('deploy/kubernetes/tutorial/zookeeper.yaml', () => {
  const manifests = new ManifestSet(TUTORIAL);
  const [set] = manifests.statefulSets;
  assert.ok(set !== undefined);

  it('has the objects of the tutorial in its order', () => {
    const wanted = [
      'Service/zk-hs',
      'Service/zk-cs',
      'PodDisruptionBudget/zk-pdb',
      'StatefulSet/zk',
    ];
    assert.deepEqual(manifests.kinds(), wanted);
    const ports = manifests.services.map(({ spec }) => {
      return spec?.ports?.map(({ port, name }) => `${port} ${name}`);
    });
    assert.deepEqual(ports, [['2888 server', '3888 leader-election'], ['2181 client']]);
  });

  it('gives the command as one string with single spaces', () => {
    const { command } = serverOf(set);
    assert.deepEqual(command, ['sh', '-c', ['start-zookeeper', ...TUTORIAL_FLAGS].join(' ')]);
  });

  it('starts one after another, and says ready without a quorum', () => {
    assert.equal(set.spec?.podManagementPolicy, 'OrderedReady');
    assert.equal(set.spec?.replicas, 3);
    for (const probe of [serverOf(set).readinessProbe, serverOf(set).livenessProbe]) {
      assert.deepEqual(probe, {
        exec: { command: ['sh', '-c', 'zookeeper-ready 2181'] },
        initialDelaySeconds: 10,
        timeoutSeconds: 5,
      });
    }
  });

  it('has what the steps point at: one container, labels, user, claims', () => {
    assert.equal(podsOf(set).containers.length, 1);
    assert.equal(serverOf(set).name, 'kubernetes-zookeeper');
    assert.equal(serverOf(set).imagePullPolicy, 'Always');
    assert.deepEqual(serverOf(set).resources, { requests: { memory: '1Gi', cpu: '0.5' } });
    assert.deepEqual(podLabels(set), { app: 'zk' });
    assert.deepEqual(podsOf(set).securityContext, { runAsUser: 1000, fsGroup: 1000 });
    const [claim] = set.spec?.volumeClaimTemplates ?? [];
    assert.equal(claim?.metadata?.name, 'datadir');
    assert.equal(claim?.spec?.resources?.requests?.['storage'], '10Gi');
    const mount = { name: 'datadir', mountPath: '/var/lib/zookeeper' };
    assert.deepEqual(serverOf(set).volumeMounts, [mount]);
    const [term] =
      podsOf(set).affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    assert.equal(term?.topologyKey, 'kubernetes.io/hostname');
  });
});
