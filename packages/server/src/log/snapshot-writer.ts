/**
 * SnapshotWriter: one snapshot from a stream of the state to a temporary file, in slices: header,
 * body, seals and sections as `snapshot-format` has them. Two buffers take turns, so that one is
 * filled while the other is written and a slow disk holds back the stream, not the memory. What was
 * written is synced every few megabytes, lest one big sync at the end delays the log's.
 *
 * It ends when everything is written; who names the file, and when, is the owner's affair.
 */

import { adler32, JuteWriter, ZXID_NONE } from '@zabra/protocol';
import type { DiskPort } from './disk-port.ts';
import { writeDigestSection, writeSeal, writeSnapshotHeader } from './snapshot-format.ts';
import type { BodyStream, TreeDigest } from './storage-types.ts';

/** Bytes of one write request, about. */
const SLICE_BYTES = 256 * 1024;
const SYNC_BYTES = 4 << 20;
const BUFFER_COUNT = 2;

export interface SnapshotParts {
  readonly stream: BodyStream;
  readonly zxid: number;
  /** Null: digests are off, and the file ends with the first seal. */
  readonly digest: TreeDigest | null;
  /** Whether the third section is written. */
  readonly withZxid: boolean;
  /** Temporary name. */
  readonly name: string;
}

/** `wait`: call again after a completion. */
export type WriterStep = 'more' | 'wait' | 'written' | 'failed';

export class SnapshotWriter {
  readonly #port: DiskPort;
  readonly #parts: SnapshotParts;
  readonly #free: JuteWriter[];
  #position: number;
  #sum: number;
  #unsyncedBytes: number;
  /** The stream gave its last byte, and the tail is in a buffer. */
  #isComplete: boolean;
  #isAborted: boolean;

  constructor(port: DiskPort, parts: SnapshotParts) {
    this.#port = port;
    this.#parts = parts;
    this.#free = Array.from({ length: BUFFER_COUNT }, () => new JuteWriter(SLICE_BYTES));
    this.#position = 0;
    this.#sum = 1;
    this.#unsyncedBytes = 0;
    this.#isComplete = false;
    this.#isAborted = false;
  }

  /** Bytes handed to the disk so far: the size of the file once it is written. */
  get sizeBytes(): number {
    return this.#position;
  }

  /** Whether no write is under way: then the file may be renamed or removed. */
  get isIdle(): boolean {
    return this.#free.length === BUFFER_COUNT;
  }

  step(bytesMax: number): WriterStep {
    for (let done = 0; !this.#isComplete; ) {
      if (done >= bytesMax) return 'more';
      const w = this.#free.pop();
      if (w === undefined) return 'wait';
      if (!this.#fill(w, Math.min(SLICE_BYTES, bytesMax - done))) return 'failed';
      done += w.position;
      this.#write(w);
    }
    return this.isIdle ? 'written' : 'wait';
  }

  /** The stream is given up. */
  abort(): void {
    if (!this.#isComplete && !this.#isAborted) this.#parts.stream.close();
    this.#isAborted = true;
  }

  #fill(w: JuteWriter, bytesMax: number): boolean {
    const { stream } = this.#parts;
    w.reset();
    if (this.#position === 0) writeSnapshotHeader(w);
    while (w.position < bytesMax && !this.#isComplete) {
      this.#isComplete = !stream.next(w, bytesMax - w.position);
      if (stream.failed) {
        this.#isComplete = false;
        this.#free.push(w);
        return false;
      }
    }
    this.#sum = adler32(w.buffer, 0, w.position, this.#sum);
    if (this.#isComplete) this.#writeTail(w);
    return true;
  }

  #writeTail(w: JuteWriter): void {
    const { stream, zxid, digest, withZxid } = this.#parts;
    stream.close();
    this.#sum = writeSeal(w, this.#sum);
    if (digest === null) return;
    const digestStart = w.position;
    // A digest of 0 is none: the state may be ahead of its zxid, nobody knows how far.
    const isKnown = digest.hi !== 0 || digest.lo !== 0;
    writeDigestSection(w, isKnown ? zxid : 0, digest.hi, digest.lo);
    this.#sum = adler32(w.buffer, digestStart, w.position, this.#sum);
    this.#sum = writeSeal(w, this.#sum);
    if (!withZxid || zxid === ZXID_NONE) return;
    const zxidStart = w.position;
    w.zxid(zxid);
    this.#sum = adler32(w.buffer, zxidStart, w.position, this.#sum);
    this.#sum = writeSeal(w, this.#sum);
  }

  #write(w: JuteWriter): void {
    const { name } = this.#parts;
    const bytes = w.buffer.subarray(0, w.position);
    const onDone = () => {
      this.#free.push(w);
    };
    if (this.#position === 0) {
      this.#port.create('snap', name, 0, bytes, onDone);
    } else {
      this.#unsyncedBytes += bytes.length;
      const sync = this.#unsyncedBytes >= SYNC_BYTES;
      if (sync) this.#unsyncedBytes = 0;
      this.#port.write('snap', name, this.#position, [bytes], { sync, growToBytes: 0 }, onDone);
    }
    this.#position += bytes.length;
  }
}
