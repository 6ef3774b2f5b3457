/**
 * The shape of a disk as the machine sees it: requests that leave through a lane, completions
 * that come back, and bounded synchronous reads for recovery. `io/file-disk` and `sim/sim-disk`
 * implement both sides and pass one contract suite (`test/contracts/disk`).
 *
 * Requests of one channel are carried out and completed strictly in the order of submission;
 * the two channels ('log' and 'snap') are independent. A request completes only when all it
 * promises is on stable storage, directory entries included. A failed request is never retried:
 * the completion carries the error and the process ends (ADR 6).
 *
 * Reads that a serving machine asks for are requests as well, and stand beside the channels: they
 * hold up no write and wait for none, and one that fails says nothing about what is written.
 */

/** Two directories: transaction logs, and everything else (snapshots, epochs, side files). */
export type DiskDirectory = 'log' | 'snap';

export interface DiskRequestBase {
  /** Unique, positive, never reused within a process. Returned by the completion. */
  readonly token: number;
  readonly directory: DiskDirectory;
}

/** Create (or overwrite) a file of `preallocateBytes` zeros, write `bytes` at 0, sync it. */
export interface CreateFile extends DiskRequestBase {
  readonly kind: 'create';
  readonly name: string;
  readonly preallocateBytes: number;
  readonly bytes: Uint8Array;
}

/** Write ranges one after another at `position`; with `sync`, fdatasync before completing. */
export interface WriteFile extends DiskRequestBase {
  readonly kind: 'write';
  readonly name: string;
  readonly position: number;
  readonly pieces: readonly Uint8Array[];
  readonly sync: boolean;
  /** When the file must first grow (sparse) to this many bytes, else 0. */
  readonly growToBytes: number;
}

/** Replace a small file atomically: `<name>.tmp`, write, fsync, rename, fsync the directory. */
export interface ReplaceFile extends DiskRequestBase {
  readonly kind: 'replace';
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** fsync `name`, rename it to `to`, fsync the directory: the end of a snapshot written in parts. */
export interface FinishFile extends DiskRequestBase {
  readonly kind: 'finish';
  readonly name: string;
  readonly to: string;
}

/** Cut the file after `bytes`, fsync. */
export interface TruncateFile extends DiskRequestBase {
  readonly kind: 'truncate';
  readonly name: string;
  readonly bytes: number;
}

/** Remove the files (missing ones are fine), fsync the directory. */
export interface RemoveFiles extends DiskRequestBase {
  readonly kind: 'remove';
  readonly names: readonly string[];
}

/**
 * fsync one existing file and the directory that names it: after a kill a file may be there of
 * which neither is on stable storage (trap T30).
 */
export interface SyncFile extends DiskRequestBase {
  readonly kind: 'sync';
  readonly name: string;
}

/**
 * Read from `position` on into `target`, as far as the file goes. What writes that have completed
 * left is seen; of one under way, any part may be.
 */
export interface ReadFile extends DiskRequestBase {
  readonly kind: 'read';
  readonly name: string;
  readonly position: number;
  /** Belongs to the disk until the read is complete; at most 1 MiB. */
  readonly target: Uint8Array;
  /** Set by the disk before it completes the read. */
  bytesRead: number;
}

/** What changes the directory. */
export type DiskChange = Exclude<DiskRequest, ReadFile>;

export type DiskRequest =
  | CreateFile
  | WriteFile
  | ReplaceFile
  | FinishFile
  | TruncateFile
  | RemoveFiles
  | SyncFile
  | ReadFile;

/** Bounded synchronous reads. The caller slices its work; no read exceeds 1 MiB. */
export interface DiskReader {
  /** Names of the files in the directory (no subdirectories), unordered. */
  list(directory: DiskDirectory): string[];
  /** Size in bytes, or -1 when the file does not exist. */
  sizeBytes(directory: DiskDirectory, name: string): number;
  /** Reads up to `length` bytes at `position` into `target` at `offset`; returns bytes read. */
  read(
    directory: DiskDirectory,
    name: string,
    position: number,
    target: Uint8Array,
    offset: number,
    length: number,
  ): number;
}
