/**
 * BaseLoader: the base of recovery: the newest snapshot that loads whole, seals and all. Each try
 * begins with a fresh state, so that nothing of a broken file survives it. A digest that disagrees
 * with the state is worth an error message and nothing more, as in Apache.
 */

import { DIGEST_VERSION, int64Equal, int64Hex, ZXID_MAX } from '@zabra/protocol';
import type { OpenDecompressor } from './decompressor.ts';
import { openDecompressor } from './decompressors.ts';
import type { DiskReader } from './disk.ts';
import type { SnapshotDigest } from './snapshot-format.ts';
import { SnapshotReader } from './snapshot-reader.ts';
import { SnapshotSource } from './snapshot-source.ts';
import type { LogLevel, RecoverySink } from './storage-types.ts';
import type { NamedFile } from './survey.ts';

export class BaseLoader {
  readonly #reader: DiskReader;
  readonly #sink: RecoverySink;
  readonly #openDecompressor: OpenDecompressor;
  readonly #log: (level: LogLevel, message: string) => void;
  /** Not yet tried, newest first. */
  readonly #untried: NamedFile[];
  /** The one that is being loaded, or was. */
  #file: NamedFile | null;
  #snapshot: SnapshotReader | null;

  constructor(
    reader: DiskReader,
    candidates: readonly NamedFile[],
    sink: RecoverySink,
    open: OpenDecompressor | null,
    log: (level: LogLevel, message: string) => void,
  ) {
    this.#reader = reader;
    this.#sink = sink;
    this.#openDecompressor = open ?? openDecompressor;
    this.#log = log;
    this.#untried = [...candidates];
    this.#file = null;
    this.#snapshot = null;
  }

  /** The snapshot that is the base, once `step` said `loaded`. */
  get file(): NamedFile {
    return this.#file as NamedFile;
  }

  /** Goes on by about `bytesMax` bytes; `none`: not one of them is whole. */
  step(bytesMax: number): 'more' | 'loaded' | 'none' {
    const snapshot = this.#snapshot ?? this.#openNext();
    if (snapshot === null) return 'none';
    this.#snapshot = snapshot;
    const { name, zxid } = this.file;
    const result = snapshot.step(bytesMax);
    if (result === 'bad') {
      this.#log('warn', `Cannot use "${name}", trying an older one: ${snapshot.error}`);
      this.#snapshot = null;
    }
    if (result !== 'loaded') return 'more';
    const digest = snapshot.tail?.digest ?? null;
    this.#sink.installBody(zxid, exactFrom(zxid, digest));
    this.#compareDigest(digest);
    return 'loaded';
  }

  #openNext(): SnapshotReader | null {
    const file = this.#untried.shift();
    if (file === undefined) return null;
    this.#file = file;
    this.#sink.begin();
    const source = new SnapshotSource(this.#reader, file.name, this.#openDecompressor);
    return new SnapshotReader(source, this.#sink);
  }

  /** The digest of a fuzzy snapshot is that of a later zxid and says nothing yet. */
  #compareDigest(stored: SnapshotDigest | null): void {
    const { name, zxid } = this.file;
    if (stored === null || stored.zxid !== zxid || stored.version !== DIGEST_VERSION) return;
    const { hi, lo } = this.#sink.digest;
    const isOff = hi === 0 && lo === 0;
    if (isOff || isUnknown(stored) || int64Equal(hi | 0, lo | 0, stored.hi, stored.lo)) return;
    const found = `0x${int64Hex(hi | 0, lo | 0)}`;
    const wanted = `0x${int64Hex(stored.hi, stored.lo)}`;
    this.#log('error', `"${name}" gives the digest ${found}, its writer had ${wanted}`);
  }
}

/**
 * From which transaction on digests are those of the state. A file that a server wrote in the midst
 * of its work says how far ahead it was; one of a state that came from an Apache leader does not.
 */
function exactFrom(zxid: number, digest: SnapshotDigest | null): number {
  if (digest === null || zxid === 0) return zxid;
  return isUnknown(digest) ? ZXID_MAX : Math.max(zxid, digest.zxid);
}

/** What Apache writes as long as it has applied nothing, and we in place of what we do not know. */
function isUnknown({ hi, lo }: SnapshotDigest): boolean {
  return hi === 0 && lo === 0;
}
