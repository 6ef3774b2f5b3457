/**
 * QuotaUsage: which subtrees have a quota, what they use, and whether a write would exceed it
 * (client-protocol.md 14, storage-and-config.md 6.4). Usage is the text of a znode, rewritten
 * behind the back of its Stat with every write below the quota; it is not logged, and recounted
 * after a load. Only the deepest quota above a path is looked at. The limits and the usage are read
 * from the committed tree, so that pipelined writes may overshoot, as in ZooKeeper.
 */

import {
  baseName,
  ErrorCode,
  JuteWriter,
  parentPath,
  QUOTA_PATH,
  utf8Write,
} from '@zabra/protocol';
import type { DataTree } from '../tree/data-tree.ts';
import { parseQuota, QUOTA_NONE, type QuotaNumbers, usageText } from './quota-text.ts';

const LIMITS_NAME = 'zookeeper_limits';
const STATS_NAME = 'zookeeper_stats';
const QUOTA_PREFIX = `${QUOTA_PATH}/`;

const NOTHING_USED: QuotaNumbers = { count: 0, bytes: 0, countHardLimit: 0, byteHardLimit: 0 };

export interface QuotaHolder {
  readonly tree: DataTree;
  readonly options: { readonly enforceQuota: boolean };
}

export class QuotaUsage {
  readonly #holder: QuotaHolder;
  /** Paths that have a limits znode; never the root. */
  readonly #paths: Set<string>;
  readonly #scratch: JuteWriter;

  constructor(holder: QuotaHolder) {
    this.#holder = holder;
    this.#paths = new Set();
    this.#scratch = new JuteWriter(64);
  }

  /** True when no quota exists, so that nothing here does anything. */
  get isIdle(): boolean {
    return this.#paths.size === 0;
  }

  clear(): void {
    this.#paths.clear();
  }

  /** OK, QUOTAEXCEEDED, or MARSHALLINGERROR where the limits cannot be understood. */
  check(path: string, bytesMore: number, countMore: number): number {
    if (this.isIdle || !this.#holder.options.enforceQuota) return ErrorCode.OK;
    const quota = this.#deepest(path);
    if (quota === '') return ErrorCode.OK;
    const limits = this.#numbersAt(limitsPath(quota));
    if (limits === undefined) return ErrorCode.OK;
    if (limits === null) return ErrorCode.MARSHALLINGERROR;
    const usage = this.#numbersAt(statsPath(quota));
    if (usage === undefined) return ErrorCode.OK;
    const used = usage ?? NOTHING_USED;
    // A soft limit is only a wish, and what does not grow or shrink is not measured at all.
    const exceeds =
      (countMore !== 0 && isAbove(used.count + countMore, limits.countHardLimit)) ||
      (bytesMore !== 0 && isAbove(used.bytes + bytesMore, limits.byteHardLimit));
    return exceeds ? ErrorCode.QUOTAEXCEEDED : ErrorCode.OK;
  }

  onCreated(path: string, dataBytes: number): void {
    if (path.startsWith(QUOTA_PREFIX)) this.#onQuotaNodeCreated(path);
    if (!this.isIdle) this.#add(path, dataBytes, 1);
  }

  onDeleted(path: string, dataBytes: number): void {
    if (this.isIdle) return;
    if (isLimitsPath(path)) this.#paths.delete(quotedPath(path));
    this.#add(path, -dataBytes, -1);
  }

  onDataChanged(path: string, bytesMore: number): void {
    if (!this.isIdle) this.#add(path, bytesMore, 0);
  }

  /** Finds all quotas of a tree that was just loaded, and counts afresh what they use. */
  recountAll(): void {
    this.#paths.clear();
    const { nodes } = this.#holder.tree;
    const limits: string[] = [];
    const quotaRoot = nodes.find(QUOTA_PATH);
    if (quotaRoot === 0) return;
    nodes.forEachInSubtree(quotaRoot, (ref) => {
      const path = nodes.childCount(ref) === 0 ? nodes.path(ref) : '';
      if (isLimitsPath(path) && quotedPath(path) !== '') limits.push(path);
    });
    for (const path of limits.sort()) {
      this.#paths.add(quotedPath(path));
      this.#recount(quotedPath(path));
    }
  }

  #onQuotaNodeCreated(path: string): void {
    const quoted = quotedPath(path);
    if (quoted === '') return;
    const name = baseName(path);
    if (name === LIMITS_NAME) this.#paths.add(quoted);
    if (name === STATS_NAME) this.#recount(quoted);
  }

  /** The nearest path with a quota, the path itself included; empty when there is none. */
  #deepest(path: string): string {
    let candidate = path;
    while (candidate.length > 1) {
      if (this.#paths.has(candidate)) return candidate;
      candidate = parentPath(candidate);
    }
    return '';
  }

  #add(path: string, bytesMore: number, countMore: number): void {
    const quota = this.#deepest(path);
    if (quota === '') return;
    const stats = statsPath(quota);
    const numbers = this.#numbersAt(stats);
    if (numbers === undefined) return;
    const used = numbers ?? NOTHING_USED;
    this.#write(stats, used.count + countMore, used.bytes + bytesMore);
  }

  #recount(quoted: string): void {
    const { nodes } = this.#holder.tree;
    if (nodes.find(statsPath(quoted)) === 0) return;
    let count = 0;
    let bytes = 0;
    const root = nodes.find(quoted);
    if (root !== 0) {
      nodes.forEachInSubtree(root, (ref) => {
        count++;
        bytes += Math.max(nodes.dataBytes(ref), 0);
      });
    }
    this.#write(statsPath(quoted), count, bytes);
  }

  /** Undefined when there is no such znode, null when its text makes no sense. */
  #numbersAt(path: string): QuotaNumbers | null | undefined {
    const { nodes } = this.#holder.tree;
    const ref = nodes.find(path);
    if (ref === 0) return undefined;
    if (nodes.dataBytes(ref) < 0) return null;
    const scratch = this.#scratch;
    scratch.reset();
    nodes.writeData(ref, scratch);
    return parseQuota(scratch.buffer, 4, scratch.position);
  }

  #write(path: string, count: number, bytes: number): void {
    const text = usageText(count, bytes);
    const encoded = new Uint8Array(text.length * 3);
    const length = utf8Write(encoded, 0, text);
    this.#holder.tree.setDataSilently(path, encoded.slice(0, length));
  }
}

function isAbove(used: number, limit: number): boolean {
  return limit > QUOTA_NONE && used > limit;
}

function isLimitsPath(path: string): boolean {
  return path.startsWith(QUOTA_PREFIX) && baseName(path) === LIMITS_NAME;
}

/** The path that a znode of the quota tree speaks of; empty for the root, which has no quota. */
function quotedPath(path: string): string {
  return parentPath(path).slice(QUOTA_PATH.length);
}

function limitsPath(quoted: string): string {
  return `${QUOTA_PATH}${quoted}/${LIMITS_NAME}`;
}

function statsPath(quoted: string): string {
  return `${QUOTA_PATH}${quoted}/${STATS_NAME}`;
}
