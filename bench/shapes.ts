/** What is measured: operation, size, connections and depth, as the design's targets name them. */

import { type JuteWriter, OPEN_ACL_UNSAFE, OpCode, writeAclVector } from '@zabra/protocol';
import type { Shape } from './load-connection.ts';

export interface BenchShape {
  readonly name: string;
  readonly servers: 1 | 3;
  readonly connections: number;
  /** The target: our rate is at least this many times Apache's. */
  readonly target: number;
  readonly shape: Shape;
}

export const KEYS = 1000;
export const ROOT = '/bench';
const KIB = new Uint8Array(1024).fill(0x78);
const SMALL = new Uint8Array(100).fill(0x78);

export const pathOf = (n: number): string => `${ROOT}/key-${String(n % KEYS).padStart(6, '0')}`;

const PATHS: readonly string[] = Array.from({ length: KEYS }, (_, n) => pathOf(n));

function getData(w: JuteWriter, n: number): void {
  w.string(PATHS[n % KEYS] as string);
  w.bool(false);
}

function setData(w: JuteWriter, n: number): void {
  w.string(PATHS[n % KEYS] as string);
  w.bytes(KIB);
  w.int(-1);
}

function createSequential(w: JuteWriter, _n: number): void {
  w.string(`${ROOT}/c-`);
  w.bytes(SMALL);
  writeAclVector(w, OPEN_ACL_UNSAFE);
  w.int(2);
}

/** The first requests of every run: the root and the keys. */
export function createKey(w: JuteWriter, n: number): void {
  w.string(n === 0 ? ROOT : pathOf(n - 1));
  w.bytes(KIB);
  writeAclVector(w, OPEN_ACL_UNSAFE);
  w.int(0);
}

const reads = (outstanding: number): Shape => ({
  opcode: OpCode.getData,
  writeBody: getData,
  outstanding,
});
const writes = (outstanding: number): Shape => ({
  opcode: OpCode.setData,
  writeBody: setData,
  outstanding,
});
const creates = (outstanding: number): Shape => ({
  opcode: OpCode.create,
  writeBody: createSequential,
  outstanding,
});

/** The pipelined shape of the quick run. */
export const QUICK_SHAPES: readonly BenchShape[] = [
  { name: 'reads 12 x 50, 1 KiB', servers: 1, connections: 12, target: 4, shape: reads(50) },
  { name: 'writes 12 x 50, 1 KiB', servers: 1, connections: 12, target: 2, shape: writes(50) },
  { name: 'reads 12 x 50, 1 KiB', servers: 3, connections: 12, target: 4, shape: reads(50) },
  { name: 'writes 12 x 50, 1 KiB', servers: 3, connections: 12, target: 2, shape: writes(50) },
];

export const FULL_SHAPES: readonly BenchShape[] = [
  ...QUICK_SHAPES,
  { name: 'creates 12 x 50, 100 B', servers: 3, connections: 12, target: 4, shape: creates(50) },
  { name: 'reads 60 x 1, 1 KiB', servers: 3, connections: 60, target: 2, shape: reads(1) },
  { name: 'writes 60 x 1, 1 KiB', servers: 3, connections: 60, target: 2.5, shape: writes(1) },
  { name: 'writes 1 x 1, 1 KiB', servers: 3, connections: 1, target: 1.4, shape: writes(1) },
];
