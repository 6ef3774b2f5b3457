/**
 * KeeperNodes: the znodes below /keeper by which ClickHouse Keeper tells its clients what it can
 * do. They are in no tree and in no log: each server that speaks Keeper's extensions shows its own
 * to whoever reads them, before any znode that the tree may have there; writes know nothing of
 * them. What they say depends on the leader, since a leader of another kind orders none of Keeper's
 * writes.
 */

import {
  EMPTY_BYTES,
  encodeKeeperFeatures,
  KEEPER_API_VERSION_PATH,
  KEEPER_AVAILABILITY_ZONE_PATH,
  KEEPER_FEATURE_FLAGS_PATH,
  KEEPER_PATH,
  type KeeperFeatureName,
  utf8Encode,
} from '@zabra/protocol';

export interface KeeperOptions {
  /** Data of /keeper/availability_zone, which is not there when this is empty. */
  readonly availabilityZone: string;
}

export interface KeeperNode {
  readonly data: Uint8Array;
  readonly children: readonly string[];
}

const READ_FEATURES: readonly KeeperFeatureName[] = [
  'FILTERED_LIST',
  'MULTI_READ',
  'MULTI_WATCHES',
  'LIST_WITH_STAT_AND_DATA',
];
const WRITE_FEATURES: readonly KeeperFeatureName[] = [
  'CHECK_NOT_EXISTS',
  'CREATE_IF_NOT_EXISTS',
  'REMOVE_RECURSIVE',
];

/** What clients older than the feature flags go by: all up to multiRead, or to removeRecursive. */
const API_VERSION_READS = '2';
const API_VERSION_WRITES = '4';

const PREFIX = utf8Encode(KEEPER_PATH);
const SLASH = 0x2f;
const NO_CHILDREN: readonly string[] = [];

export class KeeperNodes {
  readonly #availabilityZone: string;
  #nodes: ReadonlyMap<string, KeeperNode>;
  #takesWrites: boolean;

  constructor({ availabilityZone }: KeeperOptions) {
    this.#availabilityZone = availabilityZone;
    this.#takesWrites = false;
    this.#nodes = this.#build();
  }

  /** Whether the present leader orders Keeper's writes. */
  get takesWrites(): boolean {
    return this.#takesWrites;
  }

  set takesWrites(takesWrites: boolean) {
    this.#takesWrites = takesWrites;
    this.#nodes = this.#build();
  }

  find(path: string): KeeperNode | undefined {
    return this.#nodes.get(path);
  }

  /** Cheap: most paths are none of ours. */
  mayHold(buffer: Uint8Array, start: number, end: number): boolean {
    const length = end - start;
    if (length < PREFIX.length) return false;
    for (let index = 0; index < PREFIX.length; index++) {
      if (buffer[start + index] !== PREFIX[index]) return false;
    }
    return length === PREFIX.length || buffer[start + PREFIX.length] === SLASH;
  }

  #build(): ReadonlyMap<string, KeeperNode> {
    const takesWrites = this.#takesWrites;
    const features = takesWrites ? [...READ_FEATURES, ...WRITE_FEATURES] : READ_FEATURES;
    const version = takesWrites ? API_VERSION_WRITES : API_VERSION_READS;
    const leaves: (readonly [path: string, data: Uint8Array])[] = [
      [KEEPER_API_VERSION_PATH, utf8Encode(version)],
      [KEEPER_FEATURE_FLAGS_PATH, encodeKeeperFeatures(features)],
    ];
    if (this.#availabilityZone !== '') {
      leaves.push([KEEPER_AVAILABILITY_ZONE_PATH, utf8Encode(this.#availabilityZone)]);
    }
    const names = leaves.map(([path]) => path.slice(KEEPER_PATH.length + 1));
    return new Map<string, KeeperNode>([
      [KEEPER_PATH, { data: EMPTY_BYTES, children: names }],
      ...leaves.map(([path, data]) => [path, { data, children: NO_CHILDREN }] as const),
    ]);
  }
}
