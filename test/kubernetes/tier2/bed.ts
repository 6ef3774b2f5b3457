/**
 * Bed: what every part of the run uses: the shell, the transcript, the volumes that stand ready for
 * claims, and the manifests as this cluster takes them.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Shell } from './commands.ts';
import { Transcript } from './transcript.ts';

export const ADDRESS = '10.244.0.1';
export const MANIFEST = 'deploy/kubernetes/tutorial/zookeeper.yaml';
const REGISTRY = `${ADDRESS}:5000`;
const SECONDS_MAX = 60;

export class Bed {
  readonly lab: string;
  readonly shell: Shell;
  readonly transcript: Transcript;
  /** Where commands run. */
  readonly folder: string;

  constructor(lab: string) {
    this.lab = lab;
    this.folder = join(lab, 'folder');
    mkdirSync(this.folder, { recursive: true });
    this.shell = new Shell(this.folder);
    this.transcript = new Transcript(this.shell);
  }

  /** The standard output of a command that is no step of anything; throws when it fails. */
  async said(command: string, secondsMax = SECONDS_MAX): Promise<string> {
    const { code, output, stdout } = await this.shell.run(command, secondsMax);
    if (code !== 0) throw new Error(`Cannot run "${command}": ${output}`);
    return stdout;
  }

  /** A file where a command will look for it. */
  write(name: string, text: string): string {
    const file = join(this.folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  }

  /** A volume for each claim, empty; `local`, since that kind honours `fsGroup`. */
  async makeVolumes(part: string, count: number): Promise<void> {
    for (let number = 0; number < count; number++) {
      const path = join(this.lab, 'volumes', `${part}-${number}`);
      mkdirSync(path, { recursive: true });
      this.write(`volumes/${number}.yaml`, volume(`${part}-${number}`, path));
    }
    await this.said('kubectl apply --filename volumes');
  }

  /** When no claim is left that needs them. */
  async removeVolumes(): Promise<void> {
    await this.said('kubectl delete persistentvolume --all --wait');
  }
}

/** A manifest with the two changes that this cluster asks for: its registry, its age. */
export function forThisCluster(manifest: string): string {
  return manifest
    .replaceAll(/image: localhost\//g, `image: ${REGISTRY}/`)
    .replace('apiVersion: policy/v1\n', 'apiVersion: policy/v1beta1\n');
}

/** Any node may mount it: all are on one machine. */
function volume(name: string, path: string): string {
  return `apiVersion: v1
kind: PersistentVolume
metadata:
  name: ${name}
spec:
  capacity:
    storage: 10Gi
  accessModes:
  - ReadWriteOnce
  persistentVolumeReclaimPolicy: Retain
  local:
    path: ${path}
  nodeAffinity:
    required:
      nodeSelectorTerms:
      - matchExpressions:
        - key: kubernetes.io/os
          operator: In
          values:
          - linux
`;
}
