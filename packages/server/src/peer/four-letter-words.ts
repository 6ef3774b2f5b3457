/**
 * The four-letter words: what a person or a probe gets who sends four bytes instead of a
 * ConnectRequest (operations.md 1). Texts are ZooKeeper's to the byte, since scripts parse them.
 * Which words are answered at all is configured; `srvr` always is.
 */

import { int64Decimal, JuteReader, zxidToHex } from '@zabra/protocol';
import { LEADERSHIP_WORDS, type LeadershipView } from './leadership-words.ts';
import {
  briefConnections,
  cons,
  dump,
  type LongWordView,
  type Pieces,
  wchc,
  wchp,
  wchs,
} from './long-words.ts';
import type { MetricRow } from './metrics.ts';
import type { PeerConfig } from './peer-config.ts';
import type { ServerStats, Summary } from './server-stats.ts';
import type { WordAnswer } from './word-writer.ts';

const NOT_SERVING = 'This ZooKeeper instance is not currently serving requests\n';

/**
 * What a server of Java traces: requests, packets between servers, sessions, warnings. Here it is
 * kept and shown, for tools that set it, and decides nothing.
 */
export interface TraceMask {
  hi: number;
  lo: number;
}

export const TRACE_MASK_DEFAULT = 306;
const TRACE_MASK_BYTES = 8;

export interface WordView extends LeadershipView {
  readonly config: PeerConfig;
  readonly stats: ServerStats;
  readonly serving: boolean;
  /** Without a leader, for clients that are content with reads. */
  readonly isReadOnly: boolean;
  /** `standalone`, `leader`, `follower`, `observer`, `read-only`. */
  readonly mode: string;
  /** `leading - broadcast` and the like; null on a standalone server. */
  readonly peerState: string | null;
  /** Whom an observer is attached to, -1 for nobody; null for others. */
  readonly observerMasterSid: number | null;
  readonly zxid: number;
  readonly znodeCount: number;
  readonly watchCount: number;
  metrics(): MetricRow[];
  readonly connectionCount: number;
  readonly lists: LongWordView;
  readonly traceMask: TraceMask;
  /** Bytes of the files in the two directories. */
  directoryBytes(directory: 'snap' | 'log'): number;
  readonly clientPort: number;
  readonly ensembleText: string | null;
  readonly electionPort: number;
  readonly quorumPort: number;
  /** 0 participant, 1 observer. */
  readonly peerType: number;
}

type Word = (view: WordView, tail: Uint8Array) => WordAnswer;

/** Those that are answered whether or not the server serves. */
const ALWAYS: Readonly<Record<string, Word>> = {
  ruok: () => 'imok',
  isro: (view) => (view.isReadOnly ? 'ro' : view.serving ? 'rw' : 'null'),
  envi,
  gtmk: ({ traceMask }) => int64Decimal(traceMask.hi, traceMask.lo),
  stmk,
};

const SERVING: Readonly<Record<string, Word>> = {
  srvr,
  stat,
  mntr,
  conf,
  dirs: (view) =>
    `datadir_size: ${view.directoryBytes('snap')}\nlogdir_size: ${view.directoryBytes('log')}\n`,
  hash: ({ lists }) => lists.digests.text(),
  cons: ({ lists }) => cons(lists),
  crst: (view) => {
    for (const connection of view.lists.connections()) {
      connection.packetsReceived = 0;
      connection.packetsSent = 0;
      connection.answers.reset();
    }
    return 'Connection stats reset.\n';
  },
  dump: ({ lists }) => dump(lists),
  srst: (view) => {
    view.stats.reset();
    return 'Server stats reset.\n';
  },
  wchc: ({ lists }) => wchc(lists),
  wchp: ({ lists }) => wchp(lists),
  wchs: ({ lists }) => wchs(lists),
};

/** Null for a word that does not exist; the refusal for one that is not enabled. */
export function answerWord(word: string, view: WordView, tail: Uint8Array): WordAnswer | null {
  const always = wordIn(ALWAYS, word);
  const ofLead = wordIn(LEADERSHIP_WORDS, word);
  const answer = always ?? ofLead ?? wordIn(SERVING, word);
  if (answer === undefined) return null;
  const enabled = view.config.fourLetterWords;
  const isEnabled = enabled.has(word) || (enabled.has('*') && ofLead === undefined);
  if (word !== 'srvr' && !isEnabled) {
    return `${word} is not executed because it is not in the whitelist.\n`;
  }
  const isServing = view.serving || view.isReadOnly;
  if (always !== undefined || isServing) return answer(view, tail);
  // The one word of ZooKeeper that leaves out the end of the line.
  return word === 'hash' ? NOT_SERVING.trimEnd() : NOT_SERVING;
}

function wordIn(words: Readonly<Record<string, Word>>, word: string): Word | undefined {
  return Object.hasOwn(words, word) ? words[word] : undefined;
}

/** An int64 follows the word; without it the connection ends without an answer. */
function stmk({ traceMask }: WordView, tail: Uint8Array): string {
  if (tail.length < TRACE_MASK_BYTES) return '';
  const r = new JuteReader().reset(tail, 0, TRACE_MASK_BYTES);
  r.long();
  traceMask.hi = r.hi;
  traceMask.lo = r.lo;
  return int64Decimal(r.hi, r.lo);
}

function envi({ config }: WordView): string {
  let text = `Environment:\nzookeeper.version=${config.versionText}\n`;
  for (const [name, value] of config.environment) text += `${name}=${value}\n`;
  return text;
}

function srvr(view: WordView): string {
  return `${headOf(view)}${summaryOf(view)}`;
}

function headOf({ config, isReadOnly }: WordView): string {
  const version = `Zookeeper version: ${config.versionText}\n`;
  return isReadOnly ? `${version}READ-ONLY mode; serving only read-only clients\n` : version;
}

function* stat(view: WordView): Pieces {
  yield `${headOf(view)}Clients:\n`;
  yield* briefConnections(view.lists);
  yield `\n${summaryOf(view)}`;
}

function summaryOf(view: WordView): string {
  const { stats, mode } = view;
  const { latencyMs: latency, proposalBytes } = stats;
  let text =
    `Latency min/avg/max: ${latency.min}/${javaDouble(latency.average)}/${latency.max}\n` +
    `Received: ${stats.packetsReceived}\n` +
    `Sent: ${stats.packetsSent}\n` +
    `Connections: ${view.connectionCount}\n` +
    `Outstanding: ${stats.outstandingRequests}\n` +
    `Zxid: 0x${zxidToHex(view.zxid)}\n` +
    `Mode: ${mode}\n` +
    `Node count: ${view.znodeCount}\n`;
  if (mode === 'leader') {
    const sizes =
      proposalBytes.count === 0
        ? '-1/-1/-1'
        : `${stats.lastProposalBytes}/${proposalBytes.min}/${proposalBytes.max}`;
    text += `Proposal sizes last/min/max: ${sizes}\n`;
  }
  return text;
}

function mntr(view: WordView): string {
  let text = `zk_version\t${view.config.versionText}\nzk_server_state\t${view.mode}\n`;
  if (view.peerState !== null) text += `zk_peer_state\t${view.peerState}\n`;
  const { observerMasterSid } = view;
  if (observerMasterSid !== null) text += `zk_observer_master_id\t${observerMasterSid}\n`;
  for (const row of view.metrics()) {
    if (row.summary === null) text += `zk_${row.name}\t${plain(row.name, row.value)}\n`;
    else text += summaryLines(row.name, row.summary);
  }
  return text;
}

function summaryLines(name: string, summary: Summary): string {
  return (
    `zk_avg_${name}\t${javaDouble(summary.average)}\n` +
    `zk_min_${name}\t${summary.min}\n` +
    `zk_max_${name}\t${summary.max}\n` +
    `zk_cnt_${name}\t${summary.count}\n` +
    `zk_sum_${name}\t${summary.sum}\n`
  );
}

/** Averages are doubles to their readers even when they are whole. */
function plain(name: string, value: number): string {
  return name.startsWith('avg_') || !Number.isInteger(value) ? javaDouble(value) : String(value);
}

function conf(view: WordView): string {
  const { config } = view;
  let text =
    `clientPort=${view.clientPort}\n` +
    `secureClientPort=${config.secureClientAddress?.port ?? -1}\n` +
    `dataDir=${config.dataDir}\n` +
    `dataDirSize=${view.directoryBytes('snap')}\n` +
    `dataLogDir=${config.dataLogDir}\n` +
    `dataLogSize=${view.directoryBytes('log')}\n` +
    `tickTime=${config.tickTimeMs}\n` +
    `maxClientCnxns=${config.maxClientCnxns}\n` +
    `minSessionTimeout=${config.minSessionTimeoutMs}\n` +
    `maxSessionTimeout=${config.maxSessionTimeoutMs}\n` +
    'clientPortListenBacklog=-1\n' +
    `serverId=${config.ensemble === null ? 0 : config.sid}\n`;
  if (view.ensembleText === null) return text;
  text +=
    `initLimit=${config.initLimitTicks}\n` +
    `syncLimit=${config.syncLimitTicks}\n` +
    'electionAlg=3\n' +
    `electionPort=${view.electionPort}\n` +
    `quorumPort=${view.quorumPort}\n` +
    `peerType=${view.peerType}\n`;
  return view.isReadOnly ? text : `${text}membership: \n${view.ensembleText}`;
}

/** A double as Java prints it: a fraction always, at most four decimals, rounded half up. */
export function javaDouble(value: number): string {
  const rounded = Math.round(value * 10_000) / 10_000;
  return Number.isInteger(rounded) ? `${rounded}.0` : String(rounded);
}
