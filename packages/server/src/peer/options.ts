/**
 * What the rooms below want to know of the configuration, each in its own words.
 */

import { Prng } from '@zabra/protocol';
import type { StorageListener, StorageOptions } from '../log/storage-types.ts';
import type { StateOptions } from '../ops/state-options.ts';
import { drawPathHash } from '../tree/path-hash.ts';
import { MemberPace } from '../zab/member-pace.ts';
import { QUEUE_BYTES_MAX_DEFAULT, type ZabLimits } from '../zab/zab-host.ts';
import type { PeerConfig } from './peer-config.ts';

/** Longest data of a quorum packet: a request of the largest size and what is added to it. */
export function packetBytesMax(config: PeerConfig): number {
  return config.juteMaxBufferBytes + config.juteExtraBytes;
}

/** `seed` is the server's own, which no client knows; its draws for other ends stay as they are. */
export function stateOptions(config: PeerConfig, seed: number): StateOptions {
  return {
    digestEnabled: config.digestEnabled,
    extendedTypes: config.extendedTypesEnabled,
    skipAcl: config.skipAcl,
    superDigest: config.superDigest,
    keeper: config.keeper,
    schemes: config.authentication.schemes,
    enforceQuota: config.enforceQuota,
    closeSessionTxn: config.closeSessionTxnEnabled,
    reconfigEnabled: config.reconfigEnabled,
    txnBytesMax: packetBytesMax(config),
    replyBytesMax: config.clientOutputBytesMax,
    pathHash: drawPathHash(new Prng(-1 - seed)),
  };
}

export function zabLimits(config: PeerConfig): ZabLimits {
  return {
    tickTimeMs: config.tickTimeMs,
    initLimitTicks: config.initLimitTicks,
    syncLimitTicks: config.syncLimitTicks,
    packetBytesMax: packetBytesMax(config),
    queueBytesMax: QUEUE_BYTES_MAX_DEFAULT,
    zxidsPerEpoch: config.zxidsPerEpoch,
  };
}

export function memberPace(config: PeerConfig): MemberPace {
  return new MemberPace(config.failureDetectionMs);
}

export function storageOptions(config: PeerConfig, listener: StorageListener): StorageOptions {
  return {
    isEnsemble: config.ensemble !== null,
    isLogDirectorySeparate: config.dataDir !== config.dataLogDir,
    preAllocBytes: config.preAllocBytes,
    snapCount: config.snapCount,
    snapSizeLimitBytes: config.snapSizeLimitBytes,
    txnLogSizeLimitBytes: config.txnLogSizeLimitBytes,
    forceSync: config.forceSync,
    recordBytesMax: packetBytesMax(config),
    snapshotSizeFactor: config.snapshotSizeFactor,
    snapshotTrustEmpty: config.snapshotTrustEmpty,
    // Who stands alone has nobody to get a history from.
    dbAutocreate: config.dbAutocreate || config.ensemble === null,
    initializeMarker: config.initializeMarker,
    serializeLastProcessedZxid: config.serializeLastProcessedZxid,
    openDecompressor: null,
    listener,
  };
}
