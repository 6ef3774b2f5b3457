/**
 * What no schema knows: that selectors meet labels, ports have names that exist, every set has its
 * headless service and budget, and pods of production keep to the restricted standard.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ICronJob } from 'kubernetes-models/batch/v1';
import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import type * as prometheus from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
import { type Labels, ManifestSet, podLabels, podsOf, selects, serverOf } from './manifest-set.ts';
import { goldenFile, RENDERINGS, TUTORIAL } from './renderings.ts';

const NAMED = RENDERINGS.map((rendering) => [rendering.name, goldenFile(rendering)] as const);

for (const [name, file] of [['tutorial', TUTORIAL] as const, ...NAMED]) {
  const manifests = new ManifestSet(file);
  describe(`the objects of ${name}`, () => {
    it('are there once each', () => {
      const kinds = manifests.kinds();
      assert.equal(new Set(kinds).size, kinds.length);
      assert.ok(manifests.statefulSets.length > 0);
    });
    it('select pods that exist', () => checkSelectors(manifests));
    it('name ports that exist', () => checkPorts(manifests));
    it('bring a headless service and a budget for each set', () => checkCompany(manifests));
    it('mount volumes that exist', () => checkVolumes(manifests));
    if (name !== 'tutorial') {
      it('keep to the restricted standard', () => checkRestricted(manifests));
      it('run jobs by the same rules', () => checkJobs(manifests));
      it('are probed over HTTP', () => checkProbes(manifests));
      it('give memory that is not shared out twice', () => checkMemory(manifests));
    }
  });
}

function checkSelectors(manifests: ManifestSet): void {
  const pods = manifests.statefulSets.map(podLabels);
  const meets = (selector: Labels | undefined): boolean =>
    pods.some((labels) => selects(selector ?? {}, labels));
  for (const set of manifests.statefulSets) {
    const labels = podLabels(set);
    assert.ok(selects(set.spec?.selector.matchLabels ?? {}, labels), 'its own pods');
    // Two sets must never claim each other's pods.
    const others = manifests.statefulSets.filter((other) => other !== set);
    for (const other of others) {
      assert.ok(!selects(set.spec?.selector.matchLabels ?? {}, podLabels(other)));
    }
    const spread = podsOf(set).topologySpreadConstraints ?? [];
    for (const { labelSelector } of spread)
      assert.ok(selects(labelSelector?.matchLabels ?? {}, labels));
    const anti = podsOf(set).affinity?.podAntiAffinity;
    const terms = [
      ...(anti?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
      ...(anti?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(
        (one) => one.podAffinityTerm,
      ),
    ];
    for (const { labelSelector } of terms) {
      const [wish] = labelSelector?.matchExpressions ?? [];
      if (wish === undefined) assert.ok(selects(labelSelector?.matchLabels ?? {}, labels));
      else assert.ok(wish.values?.includes(labels[wish.key] ?? ''));
    }
  }
  for (const service of manifests.services) assert.ok(meets(service.spec?.selector));
  for (const budget of manifests.budgets) assert.ok(meets(budget.spec?.selector?.matchLabels));
  for (const monitor of manifests.all<prometheus.IServiceMonitor>('ServiceMonitor')) {
    const { endpoints, selector } = monitor.spec;
    const found = manifests.services.filter(({ metadata, spec }) => {
      const names = spec?.ports?.map((port) => port.name);
      const isMeant = selects(selector.matchLabels ?? {}, metadata?.labels ?? {});
      return isMeant && endpoints.every(({ port }) => names?.includes(port));
    });
    assert.equal(found.length, 1, 'each server is scraped once');
  }
}

function checkPorts(manifests: ManifestSet): void {
  for (const set of manifests.statefulSets) {
    const { ports = [], startupProbe, readinessProbe, livenessProbe } = serverOf(set);
    assert.equal(new Set(ports.map(({ name }) => name)).size, ports.length);
    assert.equal(new Set(ports.map(({ containerPort }) => containerPort)).size, ports.length);
    for (const probe of [startupProbe, readinessProbe, livenessProbe]) {
      const port = probe?.httpGet?.port;
      if (port !== undefined) assert.ok(ports.some(({ name }) => name === port));
    }
  }
  for (const { spec } of manifests.services) {
    const sets = manifests.statefulSets.filter((set) =>
      selects(spec?.selector ?? {}, podLabels(set)),
    );
    for (const set of sets) {
      const { ports = [] } = serverOf(set);
      for (const { targetPort, port, name } of spec?.ports ?? []) {
        const found = ports.find((one) => one.name === (targetPort ?? name));
        assert.ok(found !== undefined, `the port ${String(targetPort ?? name)}`);
        assert.equal(found.containerPort, port);
      }
    }
  }
  for (const { spec } of manifests.all<INetworkPolicy>('NetworkPolicy')) {
    const named = (spec?.ingress ?? []).flatMap(({ ports = [] }) => ports.map(({ port }) => port));
    const [set] = manifests.statefulSets;
    assert.ok(set !== undefined);
    // Every port that a server has is open to somebody, and no other one.
    for (const { name, containerPort } of serverOf(set).ports ?? []) {
      assert.ok(
        named.some((port) => port === name || port === containerPort),
        name,
      );
    }
    assert.equal(named.length, serverOf(set).ports?.length);
  }
}

function checkCompany(manifests: ManifestSet): void {
  for (const set of manifests.statefulSets) {
    const service = manifests.services.find(({ metadata }) => {
      return metadata?.name === set.spec?.serviceName;
    });
    assert.equal(service?.spec?.clusterIP, 'None');
    const budgets = manifests.budgets.filter(({ spec }) => {
      return selects(spec?.selector?.matchLabels ?? {}, podLabels(set));
    });
    assert.equal(budgets.length, 1);
    assert.equal(budgets[0]?.spec?.maxUnavailable, 1);
    assert.equal(budgets[0]?.spec?.minAvailable, undefined);
  }
}

function checkVolumes(manifests: ManifestSet): void {
  for (const set of manifests.statefulSets) {
    const claims = (set.spec?.volumeClaimTemplates ?? []).map(({ metadata }) => metadata?.name);
    const volumes = podsOf(set).volumes ?? [];
    const names = [...claims, ...volumes.map(({ name }) => name)];
    const mounts = serverOf(set).volumeMounts ?? [];
    assert.deepEqual(mounts.map(({ name }) => name).sort(), names.sort());
    assert.equal(new Set(mounts.map(({ mountPath }) => mountPath)).size, mounts.length);
    const maps = manifests.objects.filter(({ kind }) => kind === 'ConfigMap');
    for (const { configMap } of volumes) {
      if (configMap === undefined) continue;
      assert.ok(maps.some(({ metadata }) => metadata.name === configMap.name));
    }
  }
}

function checkRestricted(manifests: ManifestSet): void {
  for (const set of manifests.statefulSets) {
    const pods = podsOf(set);
    assert.equal(pods.automountServiceAccountToken, false);
    assert.equal(pods.enableServiceLinks, false);
    assert.equal(pods.securityContext?.runAsNonRoot, true);
    assert.equal(pods.securityContext?.seccompProfile?.type, 'RuntimeDefault');
    assert.equal(pods.initContainers, undefined);
    for (const { securityContext } of pods.containers) {
      assert.equal(securityContext?.allowPrivilegeEscalation, false);
      assert.equal(securityContext?.readOnlyRootFilesystem, true);
      assert.deepEqual(securityContext?.capabilities?.drop, ['ALL']);
    }
  }
}

/** What runs beside the servers is the same image, and keeps to the same. */
function checkJobs(manifests: ManifestSet): void {
  const [set] = manifests.statefulSets;
  assert.ok(set !== undefined);
  for (const job of manifests.all<ICronJob>('CronJob')) {
    const pods = job.spec?.jobTemplate.spec?.template.spec;
    assert.ok(pods !== undefined);
    const [container] = pods.containers;
    assert.ok(container !== undefined);
    assert.equal(container.image, serverOf(set).image);
    assert.deepEqual(container.securityContext, serverOf(set).securityContext);
    assert.deepEqual(pods.securityContext, podsOf(set).securityContext);
    assert.equal(pods.automountServiceAccountToken, false);
    assert.equal(pods.restartPolicy, 'Never');
    const ports = manifests.services.map(({ metadata, spec }) => {
      return `--server=${metadata?.name}:${spec?.ports?.[0]?.port}`;
    });
    assert.ok(ports.includes(container.args?.[0] ?? ''));
    const names = (pods.volumes ?? []).map(({ name }) => name);
    assert.deepEqual((container.volumeMounts ?? []).map(({ name }) => name).sort(), names.sort());
    const map = pods.volumes?.find(({ configMap }) => configMap !== undefined)?.configMap?.name;
    assert.ok(manifests.kinds().includes(`ConfigMap/${map}`));
  }
}

function checkProbes(manifests: ManifestSet): void {
  for (const set of manifests.statefulSets) {
    const { startupProbe, readinessProbe, livenessProbe } = serverOf(set);
    assert.equal(startupProbe?.httpGet?.path, '/started');
    assert.equal(readinessProbe?.httpGet?.path, '/ready');
    assert.equal(livenessProbe?.httpGet?.path, '/live');
    assert.equal(podsOf(set).terminationGracePeriodSeconds, 30);
    assert.equal(serverOf(set).lifecycle, undefined);
    assert.equal(set.spec?.podManagementPolicy, 'Parallel');
    const headless = manifests.services.find(({ spec }) => spec?.clusterIP === 'None');
    assert.equal(headless?.spec?.publishNotReadyAddresses, true);
  }
}

function checkMemory(manifests: ManifestSet): void {
  for (const set of manifests.statefulSets) {
    const { resources, env = [] } = serverOf(set);
    assert.equal(resources?.requests?.['memory'], resources?.limits?.['memory']);
    const flags = env.find(({ name }) => name === 'SERVER_JVMFLAGS')?.value;
    const [, megabytes] = /^-Xmx(\d+)m$/.exec(flags ?? '') ?? [];
    assert.equal(resources?.limits?.['memory'], '1Gi');
    assert.ok(Number(megabytes) <= 0.75 * 1024, `a budget of ${megabytes} MB in 1 GiB`);
  }
}
