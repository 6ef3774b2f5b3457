/**
 * The zoo.cfg of a pod: what the operator has written for all pods, and who the members are. The
 * first list of members is counted from the name of the set. Whatever the ensemble has decided
 * since stands in a file on the volume, and wins: how many pods there are says nothing about who
 * votes. Texts in, texts out.
 */

import { ConfigError } from '../../config/config-error.ts';
import { withoutKeys } from '../../config/properties-file.ts';

export type PodRole = 'participant' | 'observer';

export interface PodPlan {
  /** Host name up to the first dot, `zk-0`. */
  readonly name: string;
  /** What follows it; empty where names have none. */
  readonly domain: string;
  /** Set of the first members, `zk`; empty: the one of this pod. */
  readonly memberSet: string;
  /** How many members the ensemble begins with: ordinals below it. */
  readonly memberCount: number;
  /** Id of ordinal 0 of this pod's set. */
  readonly firstId: number;
  readonly role: PodRole;
  /** 0: there is no plain client port. */
  readonly clientPort: number;
  readonly quorumPort: number;
  readonly electionPort: number;
}

export interface PodIdentity {
  readonly set: string;
  readonly ordinal: number;
  readonly id: number;
}

/** Ids are a byte of session ids, and the highest marks TTL znodes. */
const ID_MAX = 254;

/** Throws a ConfigError for a name that is not that of a pod of a StatefulSet. */
export function podIdentity({ name, firstId }: PodPlan): PodIdentity {
  const [, set = '', digits = ''] = /^(.+)-([0-9]{1,3})$/.exec(name) ?? [];
  const ordinal = Number(digits);
  const id = firstId + ordinal;
  if (set === '' || id > ID_MAX) {
    const wanted = `one that ends in an ordinal, up to "-${ID_MAX - firstId}"`;
    throw new ConfigError(
      `Cannot tell which server this is: its host is named "${name}", wanted ${wanted}`,
    );
  }
  return { set, ordinal, id };
}

/**
 * The whole zoo.cfg. `base` is the operator's part; `listed` is the file that the ensemble wrote
 * last on this volume, with its text, or null.
 */
export function podZooCfg(
  base: string,
  plan: PodPlan,
  listed: { readonly file: string; readonly text: string } | null,
): string {
  const { id } = podIdentity(plan);
  const rest = withoutKeys(base, (key) => {
    if (!/^(?:server\.|dynamicConfigFile$|clientPort$)/.test(key)) return false;
    throw new ConfigError(
      `Cannot use "${key}" in the configuration of all pods: members and the client port are ` +
        'told to "zabra k8s start"',
    );
  });
  const head = rest === '' || rest.endsWith('\n') ? rest : `${rest}\n`;
  if (listed !== null && namesServer(listed.text, id)) {
    return `${head}dynamicConfigFile=${listed.file}\n`;
  }
  const members = listed === null ? firstMembers(plan) : serverLines(listed.text);
  // A server outside the list follows, and votes when a reconfiguration has let it in.
  const own = members.some((line) => line.startsWith(`server.${id}=`)) ? [] : [ownLine(plan)];
  return `${head}${[...members, ...own].join('\n')}\n`;
}

/** This pod as a reconfiguration names it. */
export function ownLine(plan: PodPlan): string {
  return lineOf(plan, podIdentity(plan).id, plan.name, plan.role);
}

function firstMembers(plan: PodPlan): string[] {
  const set = plan.memberSet === '' ? podIdentity(plan).set : plan.memberSet;
  return Array.from({ length: plan.memberCount }, (_, ordinal) => {
    return lineOf(plan, ordinal + 1, `${set}-${ordinal}`, 'participant');
  });
}

function lineOf(plan: PodPlan, id: number, name: string, role: PodRole): string {
  const host = plan.domain === '' ? name : `${name}.${plan.domain}`;
  const client = plan.clientPort === 0 ? '' : `;${plan.clientPort}`;
  return `server.${id}=${host}:${plan.quorumPort}:${plan.electionPort}:${role}${client}`;
}

function serverLines(text: string): string[] {
  return text.split('\n').filter((line) => /^(?:server|group|weight)\./.test(line));
}

function namesServer(text: string, id: number): boolean {
  return serverLines(text).some((line) => line.startsWith(`server.${id}=`));
}
