/**
 * Every manifest has the fields that Kubernetes' own schemas have, required ones and no others,
 * with values of their types. The models are types, so the compiler judges: an object literal with
 * an unknown field does not compile.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ROOT } from '../process/server-process.ts';
import { type KubernetesObject, ManifestSet } from './manifest-set.ts';
import { goldenFile, RENDERINGS, TUTORIAL } from './renderings.ts';

const MODELS: Readonly<Record<string, string>> = {
  v1: 'kubernetes-models/v1',
  'apps/v1': 'kubernetes-models/apps/v1',
  'batch/v1': 'kubernetes-models/batch/v1',
  'policy/v1': 'kubernetes-models/policy/v1',
  // The same fields; the old version itself is not in the models any more.
  'policy/v1beta1': 'kubernetes-models/policy/v1',
  'networking.k8s.io/v1': 'kubernetes-models/networking.k8s.io/v1',
  'cert-manager.io/v1': '@kubernetes-models/cert-manager/cert-manager.io/v1',
  'monitoring.coreos.com/v1': '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1',
};

const FLAGS = [
  '--ignoreConfig',
  '--noEmit',
  '--strict',
  '--skipLibCheck',
  '--types',
  '',
  '--module',
  'nodenext',
];

/** The object as a constant of the type of its kind. */
function constant(object: KubernetesObject, index: number): string {
  const model = MODELS[object.apiVersion];
  assert.ok(model !== undefined, `There is no model of ${object.apiVersion} ${object.kind}`);
  const literal = { ...object };
  if (object.apiVersion === 'policy/v1beta1') literal.apiVersion = 'policy/v1';
  return (
    `import type { I${object.kind} as Kind${index} } from '${model}';\n` +
    `export const object${index}: Kind${index} = ${JSON.stringify(literal, null, 1)};\n`
  );
}

/** What the compiler says of these objects; empty when all is well. */
function judge(objects: readonly KubernetesObject[]): string {
  // Below the root, from where the models are found.
  const base = join(ROOT, 'test/dist/kubernetes');
  mkdirSync(base, { recursive: true });
  const directory = mkdtempSync(join(base, 'typed-'));
  const file = join(directory, 'objects.ts');
  writeFileSync(file, objects.map(constant).join(''));
  try {
    const compiler = join(ROOT, 'node_modules/.bin/tsc');
    execFileSync(compiler, [...FLAGS, file], { encoding: 'utf8', stdio: 'pipe' });
    return '';
  } catch (error) {
    return String((error as { stdout?: string }).stdout);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

describe('manifests under the schemas of Kubernetes', () => {
  const files = [TUTORIAL, ...RENDERINGS.map(goldenFile)];
  for (const file of files) {
    it(`are valid: ${file.slice(ROOT.length + 1)}`, () => {
      assert.equal(judge(new ManifestSet(file).objects), '');
    });
  }

  it('are refused when they are not', () => {
    const [first] = new ManifestSet(TUTORIAL).objects;
    assert.ok(first !== undefined);
    const misspelt = { ...first, spec: { clusterIp: 'None', ports: [{ port: '2888' }] } };
    assert.match(judge([misspelt]), /clusterIp.*does not exist|Type 'string' is not assignable/s);
  });
});
