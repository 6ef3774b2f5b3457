/**
 * SnapshotJob: one snapshot from its first byte to the name under which recovery finds it: either
 * one beside the log, or one received from a leader that replaces everything there was (S9). The
 * second kind becomes the history in one atomic step, when its intent is on stable storage.
 */

import { ZXID_NONE, zxidToHex } from '@zabra/protocol';
import type { DiskPort } from './disk-port.ts';
import {
  isSegmentName,
  isSnapshotName,
  RECEIVED_SNAPSHOT,
  SNAPSHOT_TEMPORARY,
  snapshotName,
} from './file-names.ts';
import type { Intent } from './intent.ts';
import { RollForward } from './roll-forward.ts';
import { SnapshotWriter } from './snapshot-writer.ts';
import type { BodyStream, TreeDigest } from './storage-types.ts';
import type { Watermark } from './watermark.ts';

export interface SnapshotJobParts {
  readonly port: DiskPort;
  readonly watermark: Watermark;
  readonly stream: BodyStream;
  readonly zxid: number;
  readonly digest: TreeDigest | null;
  readonly withZxid: boolean;
  readonly recordBytesMax: number;
  readonly kind: 'regular' | 'install';
}

/** `given-up`: nothing is left of it on disk. */
export type JobStep = 'more' | 'wait' | 'done' | 'given-up';

type Phase = 'writing' | 'ending' | 'done' | 'giving-up' | 'given-up';

export class SnapshotJob {
  readonly kind: 'regular' | 'install';
  readonly zxid: number;
  readonly #parts: SnapshotJobParts;
  readonly #writer: SnapshotWriter;
  readonly #name: string;
  #phase: Phase;

  constructor(parts: SnapshotJobParts) {
    const { port, stream, zxid, digest, withZxid, kind } = parts;
    this.kind = kind;
    this.zxid = zxid;
    this.#parts = parts;
    this.#name = kind === 'install' ? RECEIVED_SNAPSHOT : SNAPSHOT_TEMPORARY;
    this.#writer = new SnapshotWriter(port, { stream, zxid, digest, withZxid, name: this.#name });
    this.#phase = 'writing';
  }

  get sizeBytes(): number {
    return this.#writer.sizeBytes;
  }

  step(bytesMax: number): JobStep {
    switch (this.#phase) {
      case 'writing':
        return this.#write(bytesMax);
      case 'giving-up':
        return this.#clear();
      case 'ending':
        return 'wait';
      default:
        return this.#phase;
    }
  }

  /** No more of the stream is taken. A job that has begun to take effect is not stopped. */
  abort(): void {
    if (this.#phase !== 'writing') return;
    this.#writer.abort();
    this.#phase = 'giving-up';
  }

  #write(bytesMax: number): JobStep {
    const result = this.#writer.step(bytesMax);
    if (result === 'failed') {
      this.abort();
      return this.#clear();
    }
    if (result !== 'written') return result;
    this.#phase = 'ending';
    if (this.kind === 'install') this.#install();
    else this.#finish();
    return 'wait';
  }

  #finish(): void {
    const to = snapshotName(this.zxid);
    this.#parts.port.finish('snap', this.#name, to, () => {
      this.#phase = 'done';
    });
  }

  #install(): void {
    const { port, watermark, recordBytesMax } = this.#parts;
    const intent: Intent = {
      kind: 'install',
      zxid: this.zxid,
      keptSegmentZxid: ZXID_NONE,
      keptBytes: 0,
      isWatermarked: watermark.isInForce,
      segmentNames: port.reader.list('log').filter(isSegmentName),
      snapshotNames: port.reader.list('snap').filter(isSnapshotName),
    };
    const rollForward = new RollForward(port, watermark, intent, recordBytesMax, () => {
      this.#phase = 'done';
    });
    rollForward.start();
  }

  #clear(): JobStep {
    if (!this.#writer.isIdle) return 'wait';
    this.#phase = 'ending';
    this.#parts.port.remove('snap', [this.#name], () => {
      this.#phase = 'given-up';
    });
    return 'wait';
  }

  /** For messages. */
  get title(): string {
    return `snapshot of zxid 0x${zxidToHex(this.zxid)}`;
  }
}
