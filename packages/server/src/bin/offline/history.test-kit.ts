/**
 * A data directory with a history of our own making, for tests of offline commands: written by the
 * storage of the server, transaction by transaction.
 */

import {
  type Acl,
  JuteWriter,
  OPEN_ACL_UNSAFE,
  OpCode,
  utf8Encode,
  writeCreateTxn,
  writeTxnHeader,
} from '@zabra/protocol';
import fs from 'node:fs';
import { loadSettings } from '../../config/zoo-cfg.ts';
import type { StateDigest } from '../../ops/replicated-state.ts';
import { stateOptions, storageOptions } from '../../peer/options.ts';
import { RealDisk } from './offline-disk.ts';
import { OfflineStore } from './offline-store.ts';

export interface Creation {
  readonly zxid: number;
  readonly path: string;
  readonly data?: string;
  readonly acl?: readonly Acl[];
  /** Owner of an ephemeral; there is no such session. */
  readonly session?: number;
}

export interface HistoryOptions {
  readonly isEnsemble?: boolean;
  readonly acceptedEpoch?: number;
  /** Takes a snapshot at the end, with this digest in place of the right one when it is given. */
  readonly snapshotDigest?: Omit<StateDigest, 'zxid'>;
  readonly takesSnapshot?: boolean;
}

const NOBODY = { onStored: () => {}, onTruncated: () => {} };

/** Creates the directory, which holds the snapshots and the logs. */
export async function writeHistory(
  versionDir: string,
  creations: readonly Creation[],
  options: HistoryOptions = {},
): Promise<void> {
  fs.mkdirSync(versionDir, { recursive: true });
  const { peer } = loadSettings(['0', versionDir], {}, '');
  const { isEnsemble = false, acceptedEpoch = 0 } = options;
  const store = new OfflineStore(new RealDisk({ log: versionDir, snap: versionDir }), {
    storage: { ...storageOptions(peer, NOBODY), isEnsemble, isLogDirectorySeparate: false },
    state: stateOptions(peer, 1),
  });
  const { state, storage } = store;
  const failure = await store.recover();
  if (failure !== null) throw new Error(failure.message);
  if (storage.wantsSnapshot()) storage.startSnapshot(state.openStream(), 0, state.digest());
  if (acceptedEpoch > 0) {
    await store.fulfil(storage.storeAcceptedEpoch(acceptedEpoch));
    await store.fulfil(storage.storeCurrentEpoch(acceptedEpoch));
  }
  for (const creation of creations) {
    const txn = encode(creation);
    state.apply(txn, 0, txn.length);
    storage.append(creation.zxid, txn, 0, txn.length);
  }
  storage.flush();
  await store.fulfil(storage.syncBeforeLeading());
  if (options.takesSnapshot === true) {
    const digest = options.snapshotDigest ?? state.digest();
    await store.fulfil(
      storage.installSnapshot(state.openStream(), state.lastProcessedZxid, digest),
    );
  }
  await store.fulfil(storage.settle());
  await store.close();
}

function encode({
  zxid,
  path,
  data = '',
  acl = OPEN_ACL_UNSAFE,
  session = 0,
}: Creation): Uint8Array {
  const w = new JuteWriter();
  const type = OpCode.create;
  writeTxnHeader(w, { clientHi: 0, clientLo: session, cxid: 1, zxid, timeMs: 1, type });
  writeCreateTxn(w, {
    path,
    data: utf8Encode(data),
    acl: [...acl],
    ephemeral: session !== 0,
    parentCversion: -1,
  });
  return w.toBytes();
}
