/**
 * The manifest that Kubernetes' own page publishes today. It has the objects of ours under other
 * labels: `app.kubernetes.io/name` where the anti-affinity and the page's commands still say `app`.
 * So it is made from ours, and a digest shows that nothing else differs from what is published.
 */

import { createHash } from 'node:crypto';
import type { IStatefulSet } from 'kubernetes-models/apps/v1';
import { stringify } from 'yaml';
import { ManifestSet, serverOf } from '../manifest-set.ts';
import { TUTORIAL } from '../renderings.ts';

/** Where it is published, and the commit that was read. */
export const UPSTREAM =
  'kubernetes/website, content/en/examples/application/zookeeper/zookeeper.yaml at 5e84d3b4b8b3';
const UPSTREAM_IMAGE = 'registry.k8s.io/kubernetes-zookeeper:1.0-3.4.10';
/** Of the objects of that file as JSON, keys in order. */
export const UPSTREAM_DIGEST = 'b82b12ee21415594088d63533f8df1287af355d00b5e1b72cff96acca5d4774d';

export const OUR_IMAGE =
  new ManifestSet(TUTORIAL).statefulSets.map(serverOf).find(({ image }) => image !== '')?.image ??
  '';

/** Labels and selectors are where `app` is a key. */
function relabelled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(relabelled);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, one]) => {
    return [key === 'app' ? 'app.kubernetes.io/name' : key, relabelled(one)] as const;
  });
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

export class UpstreamManifest {
  readonly #objects: readonly unknown[];

  constructor(image = UPSTREAM_IMAGE) {
    const manifests = new ManifestSet(TUTORIAL);
    for (const set of manifests.all<IStatefulSet>('StatefulSet')) serverOf(set).image = image;
    this.#objects = manifests.objects.map(relabelled);
  }

  get digest(): string {
    return createHash('sha256').update(JSON.stringify(this.#objects)).digest('hex');
  }

  /** As YAML. */
  get text(): string {
    return this.#objects.map((one) => stringify(one, { lineWidth: 0 })).join('---\n');
  }
}
