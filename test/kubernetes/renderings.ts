/**
 * What is rendered from the manifests and from the chart, by which command, and where the result is
 * kept: the golden files that are judged. A golden file begins with a hash of what it was rendered
 * from, so that one that is out of date is noticed without the programs that render.
 */

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../process/server-process.ts';

export interface Rendering {
  /** Of the golden file, without its ending. */
  readonly name: string;
  readonly program: 'kustomize' | 'helm';
  readonly args: readonly string[];
  /** Below the root: everything that the result depends on. */
  readonly sources: string;
}

const PRODUCTION = 'deploy/kubernetes/production';
const CHART = 'deploy/helm/zookeeper';
/** Of the cluster that the chart is rendered for. */
const KUBE_VERSION = '1.30.0';
export const GOLDEN = join(ROOT, 'test/golden/manifests');
export const TUTORIAL = join(ROOT, 'deploy/kubernetes/tutorial/zookeeper.yaml');

const TLS = [
  'tls.client.enabled=true',
  'tls.quorum.enabled=true',
  'tls.certManager.create=true',
  'tls.certManager.issuerName=zk-issuer',
];
const ALL = [
  'replicaCount=5',
  'metrics.serviceMonitor.enabled=true',
  'networkPolicy.enabled=true',
  'auth.existingSecret=zk-admin',
  'persistence.storageClass=fast',
  'extraConfig=extendedTypesEnabled=true',
];

function chart(name: string, values: readonly string[]): Rendering {
  const sets = values.flatMap((value) => ['--set', value]);
  const args = ['template', 'my', CHART, '--kube-version', KUBE_VERSION, ...sets];
  return { name, program: 'helm', args, sources: CHART };
}

function kustomization(path: string): Rendering {
  const name = path.replace('overlays/', '').replace('base', 'production');
  const args = ['build', `${PRODUCTION}/${path}`];
  return { name, program: 'kustomize', args, sources: PRODUCTION };
}

export const RENDERINGS: readonly Rendering[] = [
  kustomization('base'),
  ...readdirSync(join(ROOT, PRODUCTION, 'overlays'))
    .sort()
    .map((name) => {
      return kustomization(`overlays/${name}`);
    }),
  chart('helm-default', []),
  chart('helm-tls', TLS),
  chart('helm-all', ALL),
];

export function goldenFile({ name }: Rendering): string {
  return join(GOLDEN, `${name}.yaml`);
}

/** First line of a golden file. */
export function head(rendering: Rendering): string {
  const { program, args } = rendering;
  return `# ${program} ${args.join(' ')} # sources ${hashOf(rendering)}\n`;
}

function hashOf({ sources }: Rendering): string {
  const hash = createHash('sha256');
  const root = join(ROOT, sources);
  for (const name of readdirSync(root, { recursive: true }).map(String).sort()) {
    const file = join(root, name);
    if (statSync(file).isFile()) hash.update(`${name}\n`).update(readFileSync(file));
  }
  return hash.digest('hex').slice(0, 16);
}
