/**
 * Carries a plan of recovery out, in an order that leaves nothing dangerous behind wherever it is
 * interrupted: the copy, the epochs, the history, the record, the configuration. Until the last
 * step the server list is the old one, without a quorum, and to begin again from any point is safe,
 * since each try takes a higher epoch.
 */

import fs from 'node:fs';
import path from 'node:path';
import { int64Hex, utf8Encode, zxidToHex } from '@zabra/protocol';
import { backupPath, dynamicPath, dynamicText, nextPath } from '../../config/dynamic-files.ts';
import type { ServerSettings } from '../../config/settings.ts';
import { ConfigFiles } from '../../io/config-files.ts';
import { formatEnsembleText } from '../../zab/ensemble-text.ts';
import { RealDisk } from '../offline/offline-disk.ts';
import { OfflineStore, type StoreOptions } from '../offline/offline-store.ts';
import { copyData } from './data-copy.ts';
import type { RecoveryPlan } from './plan.ts';
import type { Survivor } from './survivor.ts';

export interface Places {
  /** zoo.cfg, absolute. */
  readonly configFile: string;
  /** Directory of the copy, which must not exist. */
  readonly backup: string;
  /** File of the record, which must not exist. */
  readonly record: string;
}

export interface Order {
  readonly plan: RecoveryPlan;
  readonly places: Places;
  readonly settings: ServerSettings;
  readonly store: StoreOptions;
  readonly versionText: string;
  readonly wallMs: number;
}

export async function carryOut(order: Order): Promise<void> {
  const { plan, places, settings } = order;
  const { directories } = settings.edge;
  copyData(places.backup, directories, configFilesOf(places.configFile, settings));
  await rewriteHistory(order);
  const record = `${JSON.stringify(recordOf(order), null, 2)}\n`;
  fs.writeFileSync(places.record, record, { flag: 'wx', flush: true });
  await writeConfiguration(places.configFile, plan);
}

async function rewriteHistory(order: Order): Promise<void> {
  const { plan, settings, store: options, wallMs } = order;
  const { directories } = settings.edge;
  const store = new OfflineStore(new RealDisk(directories), options);
  const { state, storage } = store;
  try {
    const failure = await store.recover();
    if (failure !== null) throw new Error(failure.message);
    checkSame(plan.survivor, store);
    await store.fulfil(storage.storeAcceptedEpoch(plan.epoch));
    await store.fulfil(storage.storeCurrentEpoch(plan.epoch));
    state.lastProcessedZxid = plan.zxid;
    const text = utf8Encode(formatEnsembleText(plan.ensemble));
    state.core.tree.setConfigNode(text, plan.zxid, wallMs);
    const digest = settings.peer.digestEnabled ? state.digest() : null;
    await store.fulfil(storage.installSnapshot(state.openStream(), plan.zxid, digest));
    await store.fulfil(storage.settle());
  } finally {
    await store.close();
  }
}

/** What was confirmed is what is there. */
function checkSame(survivor: Survivor, { storage, state }: OfflineStore): void {
  const { hi, lo } = state.digest();
  const isSame =
    storage.lastLoggedZxid === survivor.lastZxid &&
    hi === survivor.digest.hi &&
    lo === survivor.digest.lo;
  if (isSame) return;
  const found = `0x${zxidToHex(storage.lastLoggedZxid)}`;
  const wanted = `0x${zxidToHex(survivor.lastZxid)}`;
  throw new Error(`The history has changed meanwhile: it ends at ${found}, wanted ${wanted}`);
}

/** zoo.cfg, and what it or a proposed configuration says of the ensemble. */
function configFilesOf(configFile: string, { peer }: ServerSettings): readonly string[] {
  const version = peer.ensemble?.version ?? 0;
  const files = [configFile, dynamicPath(configFile, version), nextPath(configFile)];
  return [...files, backupPath(configFile)].filter((file) => fs.existsSync(file));
}

async function writeConfiguration(configFile: string, plan: RecoveryPlan): Promise<void> {
  const error = await new Promise<string | null>((resolve) => {
    const files = new ConfigFiles(configFile, plan.survivor.sid, (_, failed) => resolve(failed));
    files.submit({ token: 1, kind: 'committed', config: plan.ensemble, isSettled: true });
  });
  if (error !== null) throw new Error(error);
}

function recordOf({ plan, places, versionText, wallMs }: Order): Record<string, unknown> {
  const { survivor, epoch, zxid, ensemble, lost } = plan;
  const { hi, lo } = survivor.digest;
  return {
    what: 'recovery from the permanent loss of a quorum',
    at: new Date(wallMs).toISOString(),
    by: versionText,
    server: survivor.sid,
    before: {
      zxid: `0x${zxidToHex(survivor.lastZxid)}`,
      acceptedEpoch: survivor.acceptedEpoch,
      currentEpoch: survivor.currentEpoch,
      znodes: survivor.znodes,
      sessions: survivor.sessions,
      digest: `0x${int64Hex(hi | 0, lo | 0)}`,
      ensemble: dynamicText(survivor.ensemble, true).split('\n'),
    },
    after: {
      zxid: `0x${zxidToHex(zxid)}`,
      epoch,
      ensemble: dynamicText(ensemble, true).split('\n'),
      dynamicConfigFile: path.basename(dynamicPath(places.configFile, zxid)),
    },
    givenUp: lost,
    copy: places.backup,
  };
}
