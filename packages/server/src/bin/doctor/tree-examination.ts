/**
 * The state that the history comes to, znode by znode: what would be lost, unreadable or out of
 * reach on this server, and how much memory it takes, which is measured, not guessed.
 */

import type { ReplicatedState } from '../../ops/replicated-state.ts';
import { NodeKind, nodeKind } from '../../ops/owner.ts';
import type { PeerConfig } from '../../peer/peer-config.ts';
import { counted, type Findings, someOf } from './findings.ts';

export interface TreeFacts {
  /** The root among them. */
  readonly znodes: number;
  readonly dataBytes: number;
  readonly ephemerals: number;
  readonly containers: number;
  readonly ttls: number;
  readonly sessions: number;
  readonly aclSchemes: readonly string[];
  /** What the packed tree takes in memory, measured. */
  readonly treeBytes: number;
}

interface Largest {
  path: string;
  bytes: number;
}

/** Schemes that are there whatever the configuration says, and those that it decides. */
const BUILT_IN_SCHEMES = ['world', 'auth', 'ip', 'super'];
const CONFIGURED_SCHEMES = ['digest', 'ensemble', 'sasl', 'x509'] as const;
/** What a name in a list of children takes beside its bytes. */
const NAME_OVERHEAD_BYTES = 4;
/** Longer names are rare. */
const NAME_BYTES_MAX = 256;
/** Bits of an owner's high half that are zero in the encoding of a TTL. */
const TTL_ZEROS = 0x00ffff00;

class Census {
  dataBytes = 0;
  ephemerals = 0;
  containers = 0;
  ttls = 0;
  readonly largestData: Largest = { path: '', bytes: 0 };
  readonly largestChildren: Largest = { path: '', bytes: 0 };
  readonly #state: ReplicatedState;

  /** Lists of children that cannot make a reply of `replyBytes` are not measured. */
  constructor(state: ReplicatedState, replyBytes: number) {
    this.#state = state;
    const { nodes } = state.core.tree;
    const childrenMin = replyBytes / (NAME_BYTES_MAX + NAME_OVERHEAD_BYTES);
    nodes.forEachInSubtree(nodes.root, (ref) => {
      this.#countData(ref);
      this.#countKind(nodes.ownerHi(ref), nodes.ownerLo(ref));
      if (nodes.childCount(ref) >= childrenMin) this.#countChildren(ref);
    });
  }

  #countData(ref: number): void {
    const { nodes } = this.#state.core.tree;
    const bytes = Math.max(0, nodes.dataBytes(ref));
    this.dataBytes += bytes;
    if (bytes <= this.largestData.bytes) return;
    Object.assign(this.largestData, { path: nodes.path(ref), bytes });
  }

  #countKind(ownerHi: number, ownerLo: number): void {
    const kind = nodeKind(ownerHi, ownerLo, true);
    if (kind === NodeKind.CONTAINER) this.containers++;
    else if (kind === NodeKind.TTL && this.#isTtl(ownerHi, ownerLo)) this.ttls++;
    else if (kind !== NodeKind.PERSISTENT) this.ephemerals++;
  }

  /** Without extended types a server may have the id 255, and sessions that look like it. */
  #isTtl(ownerHi: number, ownerLo: number): boolean {
    return (ownerHi & TTL_ZEROS) === 0 && !this.#state.core.sessions.has(ownerHi, ownerLo);
  }

  #countChildren(ref: number): void {
    const { nodes } = this.#state.core.tree;
    let bytes = 0;
    nodes.forEachChild(ref, (_, name) => {
      bytes += Buffer.byteLength(name) + NAME_OVERHEAD_BYTES;
    });
    if (bytes <= this.largestChildren.bytes) return;
    Object.assign(this.largestChildren, { path: nodes.path(ref), bytes });
  }
}

export function examineTree(
  state: ReplicatedState,
  config: PeerConfig,
  findings: Findings,
): TreeFacts {
  const census = new Census(state, config.clientOutputBytesMax);
  const { tree, sessions } = state.core;
  if (census.ttls > 0 && !config.extendedTypesEnabled) {
    findings.add('TTL-OFF', counted(census.ttls, 'znode'));
  }
  examineSizes(census, config, findings);
  examineOwners(state, findings);
  return {
    znodes: tree.nodes.count,
    dataBytes: census.dataBytes,
    ephemerals: census.ephemerals,
    containers: census.containers,
    ttls: census.ttls,
    sessions: sessions.size,
    aclSchemes: examineAcls(state, config, findings),
    treeBytes: tree.bytes,
  };
}

function examineSizes(census: Census, config: PeerConfig, findings: Findings): void {
  const { juteMaxBufferBytes, clientOutputBytesMax } = config;
  const data = census.largestData;
  if (data.bytes > juteMaxBufferBytes) {
    const sentence = `"${data.path}" has ${counted(data.bytes, 'byte')} of data`;
    findings.add('ZNODE-LARGE', `${sentence}, jute.maxbuffer is ${juteMaxBufferBytes}`);
  }
  const children = census.largestChildren;
  if (children.bytes > clientOutputBytesMax) {
    const sentence = `the children of "${children.path}" make a reply of ${children.bytes} bytes`;
    findings.add('CHILDREN-MANY', sentence);
  }
}

function examineOwners(state: ReplicatedState, findings: Findings): void {
  const { tree } = state.core;
  let count = 0;
  state.forEachDeadOwner((hi, lo) => {
    // With extended types off, those with a TTL are told of elsewhere.
    if (nodeKind(hi, lo, true) === NodeKind.EPHEMERAL) count += tree.ephemeralCount(hi, lo);
  });
  if (count > 0) findings.add('EPHEMERALS-WITHOUT-SESSION', counted(count, 'znode'));
}

/** All schemes that ACLs name. */
function examineAcls(
  state: ReplicatedState,
  config: PeerConfig,
  findings: Findings,
): readonly string[] {
  const { schemes } = config.authentication;
  const configured = CONFIGURED_SCHEMES.filter((name) => schemes[name]);
  const known = new Set<string>([...BUILT_IN_SCHEMES, ...configured]);
  const used = new Set<string>();
  state.core.tree.acls.forEach((_, acl) => {
    for (const { scheme } of acl) used.add(scheme);
  });
  const foreign = [...used].filter((scheme) => !known.has(scheme));
  if (foreign.length > 0) findings.add('ACL-SCHEME', someOf(foreign.map((name) => `"${name}"`)));
  return [...used].sort();
}
