/**
 * DirectFile: synced writes to one log file past the page cache (O_DIRECT with O_DSYNC). A log is
 * written once and read again only in recovery or for a learner that is far behind: keeping its
 * pages costs a copy of each byte and, in a container, memory that others need. A failed write is
 * reported to its writer, too, where the page cache may drop a page that it could not write.
 *
 * The system takes whole blocks at block positions from block addresses only. So bytes go through a
 * stage whose memory is aligned; the block that an earlier write left unfinished is written again
 * with its bytes unchanged, as the page cache would do, and what follows the last byte is zeros, as
 * it is in a preallocated file anyway. Where there is no room for that padding, or the file system
 * knows no such writes, `open` and `write` say so and the caller goes the usual way.
 *
 * Invariant: `#tail` begins with the bytes of the unfinished block that ends at `#end`.
 */

import fs from 'node:fs';
import { promisify } from 'node:util';

const open = promisify(fs.open);
const close = promisify(fs.close);
const fstat = promisify(fs.fstat);
const read = promisify(fs.read);
const write = promisify(fs.write);

const { O_RDONLY, O_WRONLY } = fs.constants;
/** 0 where the system has no such flags. */
const O_DIRECT = fs.constants.O_DIRECT ?? 0;
const O_DSYNC = fs.constants.O_DSYNC ?? 0;

/** A multiple of the block of every device in use. */
const BLOCK_BYTES = 4096;
/** More than that goes in several writes. */
const STAGE_BYTES = 1 << 20;
const WASM_PAGE_BYTES = 1 << 16;

/** The compiler's library has no types of it. */
interface MemoryMaker {
  readonly WebAssembly?: {
    readonly Memory: new (options: { initial: number }) => { readonly buffer: ArrayBuffer };
  };
}

/** Memory at an address that every device takes; null where the runtime or the system has none. */
export function makeStage(): Uint8Array | null {
  const { WebAssembly: runtime } = globalThis as MemoryMaker;
  if (O_DIRECT === 0 || O_DSYNC === 0 || runtime === undefined) return null;
  // The memory of WebAssembly consists of whole pages.
  const memory = new runtime.Memory({ initial: STAGE_BYTES / WASM_PAGE_BYTES });
  return new Uint8Array(memory.buffer);
}

export class DirectFile {
  readonly #fd: number;
  /** Others use it between the writes. */
  readonly #stage: Uint8Array;
  readonly #tail: Uint8Array;
  #sizeBytes: number;
  /** Where the next write must begin. */
  #end: number;

  private constructor(
    fd: number,
    stage: Uint8Array,
    tail: Uint8Array,
    sizeBytes: number,
    end: number,
  ) {
    this.#fd = fd;
    this.#stage = stage;
    this.#tail = tail;
    this.#sizeBytes = sizeBytes;
    this.#end = end;
  }

  /** For writes from `position` on; null where they must go through the page cache. */
  static async open(path: string, position: number, stage: Uint8Array): Promise<DirectFile | null> {
    const tail = new Uint8Array(BLOCK_BYTES);
    const sizeBytes = await readTail(path, position, tail);
    if (sizeBytes < paddedEnd(position + 1)) return null;
    try {
      const fd = await open(path, O_WRONLY | O_DSYNC | O_DIRECT);
      return new DirectFile(fd, stage, tail, sizeBytes, position);
    } catch (error) {
      if (isUnsupported(error)) return null;
      throw error;
    }
  }

  /** Somebody has made the file longer. */
  onGrown(sizeBytes: number): void {
    this.#sizeBytes = sizeBytes;
  }

  /** True when `bytes` at `position` can be written here. */
  takes(position: number, bytes: number): boolean {
    return position === this.#end && paddedEnd(position + bytes) <= this.#sizeBytes;
  }

  /**
   * Writes the pieces one behind another where `takes` is true. False when the file system turns
   * out not to support it: then nothing may be written here again, and the caller writes them all.
   */
  async write(pieces: readonly Uint8Array[], position: number): Promise<boolean> {
    const stage = this.#stage;
    let blockAt = position - (position % BLOCK_BYTES);
    let staged = position - blockAt;
    stage.set(this.#tail);
    try {
      for (const piece of pieces) {
        for (let from = 0; from < piece.length; ) {
          const count = Math.min(piece.length - from, stage.length - staged);
          stage.set(piece.subarray(from, from + count), staged);
          staged += count;
          from += count;
          if (staged < stage.length) continue;
          await this.#put(staged, blockAt);
          blockAt += staged;
          staged = 0;
        }
      }
      const padded = paddedEnd(staged);
      stage.fill(0, staged, padded);
      await this.#put(padded, blockAt);
    } catch (error) {
      if (isUnsupported(error)) return false;
      throw error;
    }
    const rest = staged % BLOCK_BYTES;
    this.#tail.set(stage.subarray(staged - rest, staged));
    this.#end = blockAt + staged;
    return true;
  }

  async close(): Promise<void> {
    await close(this.#fd);
  }

  /** The first `bytes` of the stage; a full device may take fewer blocks than it is given. */
  async #put(bytes: number, position: number): Promise<void> {
    for (let done = 0; done < bytes; ) {
      const { bytesWritten } = await write(
        this.#fd,
        this.#stage,
        done,
        bytes - done,
        position + done,
      );
      const whole = bytesWritten - (bytesWritten % BLOCK_BYTES);
      if (whole === 0) throw new Error(`ENOSPC: ${bytesWritten} of ${bytes - done} bytes written`);
      done += whole;
    }
  }
}

function paddedEnd(end: number): number {
  return Math.ceil(end / BLOCK_BYTES) * BLOCK_BYTES;
}

/** Fills `tail` with the unfinished block before `position`; returns the size of the file. */
async function readTail(path: string, position: number, tail: Uint8Array): Promise<number> {
  const fd = await open(path, O_RDONLY);
  try {
    const { size } = await fstat(fd);
    const tailBytes = position % BLOCK_BYTES;
    if (tailBytes === 0 || size < position) return size;
    const { bytesRead } = await read(fd, tail, 0, tailBytes, position - tailBytes);
    // Without all of it the block must not be written again.
    return bytesRead === tailBytes ? size : 0;
  } finally {
    await close(fd);
  }
}

/** What systems answer to flags, addresses or lengths that a file system does not take. */
function isUnsupported(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'EINVAL' || code === 'EOPNOTSUPP' || code === 'ENOTSUP';
}
