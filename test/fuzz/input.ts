/**
 * What a fuzz run is made of, as plain data: inputs, visits of a state, batches. A batch is drawn
 * from a seed, cut into pieces by the shrinker, and written to a file as a regression.
 */

import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';

const HEX_BYTES_MAX = 1000;
const PACKED = 'brotli ';

/** One message and how it arrives. */
export interface Input {
  /** The row of the coverage table: an operation, or another kind of message. */
  readonly what: string;
  readonly isMutated: boolean;
  readonly bytes: Uint8Array;
  /** Offsets at which its bytes are cut into reads. */
  readonly cuts: readonly number[];
  /** A turn of the server after each read, and not only after the last. */
  readonly isSlow: boolean;
  /** So many of its last bytes come together with the next input. */
  readonly kept: number;
  /** Turns after it. */
  readonly turns: number;
  /** Sent from the state of its visit, whatever became of that, and not just wherever it is now. */
  readonly isFresh: boolean;
  /** Decides what the healthy sessions do meanwhile; -1 for nothing. */
  readonly healthy: number;
}

/** Inputs to connections in one state. */
export interface Visit {
  readonly state: string;
  readonly inputs: readonly Input[];
}

/** Begins and ends with a server that has nothing but its healthy sessions. */
export type Batch = readonly Visit[];

export function inputCount(batch: Batch): number {
  return batch.reduce((sum, { inputs }) => sum + inputs.length, 0);
}

/** What a failure of the past looked like, as it stands in a file. */
export interface Regression {
  /** The server's kind. */
  readonly server: string;
  /** What was wrong, in a sentence. */
  readonly fault: string;
  /** How often the batches are run, one after another on one server. */
  readonly times: number;
  readonly batches: readonly Batch[];
}

/** Bytes are hex, or where they are many packed and in base64. */
export function regressionText({ server, fault, times, batches }: Regression): string {
  const replacer = (_key: string, value: unknown): unknown =>
    value instanceof Uint8Array ? bytesText(value) : value;
  return `${JSON.stringify({ server, fault, times, batches }, replacer, 1)}\n`;
}

export function parseRegression(text: string): Regression {
  const reviver = (key: string, value: unknown): unknown =>
    key === 'bytes' ? textBytes(String(value)) : value;
  return JSON.parse(text, reviver) as Regression;
}

function bytesText(bytes: Uint8Array): string {
  if (bytes.length <= HEX_BYTES_MAX) return Buffer.from(bytes).toString('hex');
  const params = { [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS };
  return PACKED + brotliCompressSync(bytes, { params }).toString('base64');
}

function textBytes(text: string): Uint8Array {
  if (!text.startsWith(PACKED)) return Uint8Array.from(Buffer.from(text, 'hex'));
  return Uint8Array.from(brotliDecompressSync(Buffer.from(text.slice(PACKED.length), 'base64')));
}
