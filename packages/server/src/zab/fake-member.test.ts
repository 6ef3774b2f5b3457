/**
 * FakeMember: one server of the small ensembles that this room's tests run. It does what a peer
 * does around `zab/` and nothing else: gives roles their host, settles the disk between roles, and
 * keeps a state that is only the list of applied transactions.
 */

import assert from 'node:assert/strict';
import {
  type HostPort,
  type Id,
  type JuteWriter,
  type Notification,
  PacketType,
  Prng,
  ServerState,
  utf8Decode,
  utf8Encode,
} from '@zabra/protocol';
import { CommittedLog } from './committed-log.ts';
import { ElectionMesh } from './election-mesh.ts';
import { type EnsembleConfig, memberOf } from './ensemble-config.ts';
import { formatEnsembleText } from './ensemble-text.ts';
import {
  type Durable,
  FakeDisk,
  FakeStorage,
  historyOf,
  lastOf,
  proposalOf,
  type Txn,
  txnOf,
} from './fake-disk.test.ts';
import { FakeLeading, FakeLearning } from './fake-roles.test.ts';
import type { FakeNetwork, LinkEnd, PortKind, Station } from './fake-network.test.ts';
import { FastLeaderElection } from './fast-leader-election.ts';
import { makeVerifier, type QuorumVerifier } from './quorum-verifier.ts';
import type { Vote } from './vote.ts';
import type { ElectionHost, ElectionLink, MeshHost, ZabLimits } from './zab-host.ts';
import type { ZabOracle } from './zab-oracle.test.ts';
