/**
 * A StateBed whose server speaks ClickHouse Keeper's extensions under a leader that orders them,
 * and bodies of Keeper's requests. It has no tests itself.
 */

import {
  type FilteredListRequest,
  JuteReader,
  type ListWithDataRequest,
  OpCode,
  readMultiTxn,
  readTxnHeader,
  writeFilteredListRequest,
  writeListWithDataRequest,
  writeRemoveRecursiveRequest,
} from '@zabra/protocol';
import { type Body, StateBed } from './state-bed.test-kit.ts';
import type { StateOptions } from './state-options.ts';

export const ZONE = 'zone-a';

export function keeperBed(options: Partial<StateOptions> = {}): StateBed {
  const bed = new StateBed({ keeper: { availabilityZone: ZONE }, ...options });
  bed.state.onLeader(true);
  return bed;
}

export function removeBody(path: string | null, nodesMax = 1000): Body {
  return (w) => writeRemoveRecursiveRequest(w, { path, nodesMax });
}

export function filteredBody(path: string, request: Partial<FilteredListRequest> = {}): Body {
  return (w) => writeFilteredListRequest(w, { path, watch: false, listType: 0, ...request });
}

export function listBody(path: string, request: Partial<ListWithDataRequest> = {}): Body {
  const defaults = { path, watch: false, listType: 0, withStat: false, withData: false };
  return (w) => writeListWithDataRequest(w, { ...defaults, ...request });
}

/** A transaction as text: its type, or "multi" and for each part its type and path or code. */
export function txnText(entry: Uint8Array): string {
  const r = new JuteReader().reset(entry, 0, entry.length);
  const { type } = readTxnHeader(r);
  if (type === OpCode.error) return `error ${r.int()}`;
  if (type !== OpCode.multi) return `${type} ${r.string()}`;
  const parts = readMultiTxn(r).txns.map((part) => {
    const bytes = part.data ?? new Uint8Array(0);
    const body = new JuteReader().reset(bytes, 0, bytes.length);
    return `${part.type} ${part.type === OpCode.error ? body.int() : body.string()}`;
  });
  return `multi ${parts.join(', ')}`;
}
