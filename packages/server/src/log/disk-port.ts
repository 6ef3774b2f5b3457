/**
 * DiskPort: where the log room's requests leave and their completions come back. It numbers the
 * requests, remembers who waits for each, and stops everything at the first failure: no request is
 * sent and no completion is believed after it, because nothing that follows could be relied upon.
 * A read that fails is the affair of whoever asked for it.
 *
 * Requests of one directory are carried out in the order of the calls; a caller that needs order
 * across the two directories waits for the completion in between.
 */

import type { DiskDirectory, DiskReader, DiskRequest, ReadFile } from './disk.ts';

/** Called when all that the request promises is on stable storage. */
export type OnDone = () => void;
/** The bytes that were read, or why they could not be. */
export type OnRead = (bytesRead: number, error: string | null) => void;

interface Reading {
  readonly request: ReadFile;
  readonly onRead: OnRead;
}

const NO_FILE = 'zabra.none';

export class DiskPort {
  readonly reader: DiskReader;
  readonly #submit: (request: DiskRequest) => void;
  readonly #waiting: Map<number, OnDone>;
  readonly #readings: Map<number, Reading>;
  #lastToken: number;
  /** Reason of the first failed request. */
  failure: string | null;

  constructor(reader: DiskReader, submit: (request: DiskRequest) => void) {
    this.reader = reader;
    this.#submit = submit;
    this.#waiting = new Map();
    this.#readings = new Map();
    this.#lastToken = 0;
    this.failure = null;
  }

  /** Requests without completion, reads left out. */
  get pendingCount(): number {
    return this.#waiting.size;
  }

  /** A number for a promise that is kept by several requests. */
  newToken(): number {
    return ++this.#lastToken;
  }

  create(
    directory: DiskDirectory,
    name: string,
    preallocateBytes: number,
    bytes: Uint8Array,
    onDone: OnDone,
  ): void {
    const token = this.#expect(onDone);
    this.#send({ kind: 'create', token, directory, name, preallocateBytes, bytes });
  }

  write(
    directory: DiskDirectory,
    name: string,
    position: number,
    pieces: readonly Uint8Array[],
    how: { readonly sync: boolean; readonly growToBytes: number },
    onDone: OnDone,
  ): void {
    const token = this.#expect(onDone);
    const { sync, growToBytes } = how;
    this.#send({ kind: 'write', token, directory, name, position, pieces, sync, growToBytes });
  }

  replace(directory: DiskDirectory, name: string, bytes: Uint8Array, onDone: OnDone): void {
    this.#send({ kind: 'replace', token: this.#expect(onDone), directory, name, bytes });
  }

  finish(directory: DiskDirectory, name: string, to: string, onDone: OnDone): void {
    this.#send({ kind: 'finish', token: this.#expect(onDone), directory, name, to });
  }

  truncate(directory: DiskDirectory, name: string, bytes: number, onDone: OnDone): void {
    this.#send({ kind: 'truncate', token: this.#expect(onDone), directory, name, bytes });
  }

  /** Nothing is sent for an empty list, and `onDone` is called at once. */
  remove(directory: DiskDirectory, names: readonly string[], onDone: OnDone): void {
    if (names.length === 0) onDone();
    else this.#send({ kind: 'remove', token: this.#expect(onDone), directory, names });
  }

  /** Makes durable which names there are: the end of a removal, of a file that nobody has. */
  syncNames(directory: DiskDirectory, onDone: OnDone): void {
    this.remove(directory, [NO_FILE], onDone);
  }

  sync(directory: DiskDirectory, name: string, onDone: OnDone): void {
    this.#send({ kind: 'sync', token: this.#expect(onDone), directory, name });
  }

  read(
    directory: DiskDirectory,
    name: string,
    position: number,
    target: Uint8Array,
    onRead: OnRead,
  ): void {
    const token = this.newToken();
    const request: ReadFile = {
      kind: 'read',
      token,
      directory,
      name,
      position,
      target,
      bytesRead: 0,
    };
    this.#readings.set(token, { request, onRead });
    this.#send(request);
  }

  onDisk(token: number, error: string | null): 'mine' | 'foreign' {
    if (this.#readings.has(token)) {
      this.#onRead(token, error);
      return 'mine';
    }
    const onDone = this.#waiting.get(token);
    if (onDone === undefined) return 'foreign';
    this.#waiting.delete(token);
    if (this.failure !== null) return 'mine';
    if (error === null) onDone();
    else this.failure = error;
    return 'mine';
  }

  #onRead(token: number, error: string | null): void {
    const { request, onRead } = this.#readings.get(token) as Reading;
    this.#readings.delete(token);
    if (this.failure === null) onRead(error === null ? request.bytesRead : 0, error);
  }

  #expect(onDone: OnDone): number {
    const token = this.newToken();
    this.#waiting.set(token, onDone);
    return token;
  }

  #send(request: DiskRequest): void {
    if (this.failure === null) this.#submit(request);
  }
}
