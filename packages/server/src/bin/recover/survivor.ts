/**
 * Survivor: what one member has left, found out by a rehearsal of its recovery: how far its history
 * goes, in which epochs it has been, who the others were.
 */

import { ConfigError, EXIT_UNEXPECTED } from '../../config/config-error.ts';
import type { ServerSettings } from '../../config/settings.ts';
import { readWatermark } from '../../log/watermark.ts';
import { stateOptions, storageOptions } from '../../peer/options.ts';
import type { EnsembleConfig } from '../../zab/ensemble-config.ts';
import { RehearsalDisk } from '../offline/offline-disk.ts';
import { OfflineStore, type StoreOptions } from '../offline/offline-store.ts';

export interface Survivor {
  readonly sid: number;
  readonly ensemble: EnsembleConfig;
  readonly lastZxid: number;
  readonly acceptedEpoch: number;
  readonly currentEpoch: number;
  readonly znodes: number;
  readonly sessions: number;
  readonly digest: { readonly hi: number; readonly lo: number };
  /** Acknowledged by this server, at least; null when another server wrote the end of the log. */
  readonly syncedZxid: number | null;
}

const SEED = 1;
const NOBODY = { onStored: () => {}, onTruncated: () => {} };

export function storeOptionsOf({ peer }: ServerSettings): StoreOptions {
  return { storage: storageOptions(peer, NOBODY), state: stateOptions(peer, SEED) };
}

/** Changes nothing; throws ConfigError when there is nothing to recover, or it cannot be read. */
export async function examineSurvivor(settings: ServerSettings): Promise<Survivor> {
  const { ensemble, sid } = settings.peer;
  if (ensemble === null) refuse('this server is no member of an ensemble and needs no quorum');
  const disk = new RehearsalDisk(settings.edge.directories);
  const watermark = readWatermark(disk.reader);
  const store = new OfflineStore(disk, storeOptionsOf(settings));
  try {
    const failure = await store.recover();
    if (failure !== null) refuse(failure.message);
    const { storage, state } = store;
    if (storage.isEmpty) refuse('this server has no history; take a survivor that has');
    const isOwn = storage.ownSinceZxid <= storage.lastLoggedZxid;
    return {
      sid,
      ensemble,
      lastZxid: storage.lastLoggedZxid,
      acceptedEpoch: storage.acceptedEpoch,
      currentEpoch: storage.currentEpoch,
      znodes: state.core.tree.nodes.count,
      sessions: state.core.sessions.size,
      digest: state.digest(),
      syncedZxid: isOwn ? (watermark?.syncedZxid ?? null) : null,
    };
  } finally {
    await store.close();
  }
}

function refuse(why: string): never {
  throw new ConfigError(`Cannot recover: ${why}`, EXIT_UNEXPECTED);
}
