/**
 * LearnerBody: what leaves for a learner in front of everything else, as fast as the network takes
 * it and no faster: the whole state, or history that begins in log files. What comes later waits
 * behind it (`learner-handler`).
 */

import { JuteWriter, PacketType, zxidToHex } from '@zabra/protocol';
import type { CommittedLog } from './committed-log.ts';
import type { HistoryStream, PacketLink, Proposal, SnapshotStream } from './zab-host.ts';

/** A body is written on while the network holds less than this. */
const UNSENT_BYTES_MAX = 1 << 20;
const SLICE_BYTES = 256 * 1024;
/** Behind every snapshot body, as a string. */
const SNAPSHOT_SIGNATURE = 'BenWasHere';

/** `waits`: nothing could be written, for the network or for the disk. */
export type BodyStep = 'moved' | 'waits' | 'done' | 'failed';

export interface LearnerBody {
  readonly isSnapshot: boolean;
  /** Why it failed. */
  readonly failure: string;
  /** Writes on as far as the network takes it. */
  advance(link: PacketLink): BodyStep;
  close(): void;
}

/** Sessions, ACLs, znodes; then the signature. */
export class SnapshotBody implements LearnerBody {
  readonly isSnapshot = true;
  readonly failure = 'its snapshot was given up';
  readonly #stream: SnapshotStream;
  readonly #slice: JuteWriter;

  constructor(stream: SnapshotStream) {
    this.#stream = stream;
    this.#slice = new JuteWriter(256);
  }

  advance(link: PacketLink): BodyStep {
    const w = this.#slice;
    let step: BodyStep = 'waits';
    while (link.unsentBytes < UNSENT_BYTES_MAX) {
      w.reset();
      const isMore = this.#stream.next(w, SLICE_BYTES);
      if (this.#stream.failed) return 'failed';
      if (!isMore) w.string(SNAPSHOT_SIGNATURE);
      link.write(w.buffer, 0, w.position);
      if (!isMore) return 'done';
      step = 'moved';
    }
    return step;
  }

  close(): void {
    this.#stream.close();
  }
}

/**
 * Transactions out of the log files up to where memory began when this was made, and then those
 * that memory held at that moment, each as PROPOSAL and COMMIT. Log and memory meet in one
 * transaction that both have, so that there is no gap between them.
 */
export class HistoryBody implements LearnerBody {
  readonly isSnapshot = false;
  failure: string;
  readonly #stream: HistoryStream;
  readonly #memory: readonly Proposal[];
  #isInMemory: boolean;
  #index: number;

  /** `history` is not empty, and `stream` reaches its oldest transaction. */
  constructor(stream: HistoryStream, history: CommittedLog) {
    this.failure = '';
    this.#stream = stream;
    this.#memory = Array.from({ length: history.length }, (_, index) => history.at(index));
    this.#isInMemory = false;
    this.#index = 0;
  }

  advance(link: PacketLink): BodyStep {
    let step: BodyStep = 'waits';
    while (link.unsentBytes < UNSENT_BYTES_MAX) {
      if (this.#isInMemory) {
        const proposal = this.#memory[this.#index++];
        if (proposal === undefined) return 'done';
        send(link, proposal);
      } else if (!this.#stream.next()) {
        return this.#stream.state === 'found' ? step : this.#fail(whyOver(this.#stream));
      } else if (!this.#passOn(link, this.#stream)) {
        return 'failed';
      }
      step = 'moved';
    }
    return step;
  }

  close(): void {
    this.#stream.close();
  }

  #passOn(link: PacketLink, stream: HistoryStream): boolean {
    const { zxid: meetingZxid } = this.#memory[0] as Proposal;
    if (stream.zxid < meetingZxid) {
      send(link, stream);
    } else if (stream.zxid === meetingZxid) {
      this.#isInMemory = true;
      stream.close();
    } else {
      const found = `the log has zxid 0x${zxidToHex(stream.zxid)}`;
      this.#fail(`${found} where memory begins with 0x${zxidToHex(meetingZxid)}`);
      return false;
    }
    return true;
  }

  #fail(reason: string): 'failed' {
    this.failure = reason;
    return 'failed';
  }
}

function send(link: PacketLink, { zxid, buffer, start, end }: Proposal): void {
  link.sendRange(PacketType.PROPOSAL, zxid, buffer, start, end);
  link.send(PacketType.COMMIT, zxid, null);
}

function whyOver({ state, failure }: HistoryStream): string {
  return state === 'failed' ? failure : 'the log files are about to be changed';
}
