/** ManifestSet: the objects of one file, as they would be applied together. */

import { readFileSync } from 'node:fs';
import type { IStatefulSet } from 'kubernetes-models/apps/v1';
import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1';
import type { IService } from 'kubernetes-models/v1';
import { parseAllDocuments } from 'yaml';

export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Labels> };
}

export type Labels = Record<string, string>;
export type Container = Pods['containers'][number];
type Pods = NonNullable<NonNullable<IStatefulSet['spec']>['template']['spec']>;

export class ManifestSet {
  readonly objects: readonly KubernetesObject[];

  /** Throws for what a parser of YAML only warns of, too: a key that is there twice. */
  constructor(file: string) {
    const documents = parseAllDocuments(readFileSync(file, 'utf8'));
    if (!Array.isArray(documents)) throw new Error(`Cannot use "${file}": it is empty`);
    this.objects = documents.map((document) => {
      const [fault] = [...document.errors, ...document.warnings];
      if (fault !== undefined) throw new Error(`Cannot parse "${file}": ${fault.message}`);
      return document.toJS() as KubernetesObject;
    });
  }

  kinds(): string[] {
    return this.objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
  }

  get statefulSets(): readonly IStatefulSet[] {
    return this.all<IStatefulSet>('StatefulSet');
  }

  get services(): readonly IService[] {
    return this.all<IService>('Service');
  }

  get budgets(): readonly IPodDisruptionBudget[] {
    return this.all<IPodDisruptionBudget>('PodDisruptionBudget');
  }

  all<T>(kind: string): readonly T[] {
    return this.objects.filter((object) => object.kind === kind) as readonly unknown[] as T[];
  }
}

export function podsOf(set: IStatefulSet): Pods {
  const pods = set.spec?.template.spec;
  if (pods === undefined) throw new Error(`StatefulSet ${set.metadata?.name} has no pods`);
  return pods;
}

export function podLabels(set: IStatefulSet): Labels {
  return set.spec?.template.metadata?.labels ?? {};
}

/** The server: the first container, to which the tutorial's patches point as well. */
export function serverOf(set: IStatefulSet): Container {
  const [container] = podsOf(set).containers;
  if (container === undefined) throw new Error(`StatefulSet ${set.metadata?.name} runs nothing`);
  return container;
}

export function selects(selector: Labels, labels: Labels): boolean {
  const entries = Object.entries(selector);
  return entries.length > 0 && entries.every(([key, value]) => labels[key] === value);
}
