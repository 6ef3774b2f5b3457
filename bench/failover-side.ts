/**
 * FailoverSide: three servers of one kind whose leader is taken away again and again, under one
 * client that writes through the followers. What is measured is what that client sees; that no
 * write it was told of is lost is checked each time.
 */

import { connect } from '@zabra/client';
import { TestEnsemble } from '../test/process/ensemble.ts';
import { askSrvr, askWord } from '../test/process/four-letter-word.ts';
import type { ServerKind, ServerProcess } from '../test/process/server-process.ts';
import { waitFor } from '../test/process/wait-for.ts';
import { type Acknowledgement, SteadyWriter } from './steady-writer.ts';

/** SIGKILL, SIGTERM, or the word by which a server of ours gives up the lead and lives on. */
export type FailoverEvent = 'kill' | 'stop' | 'yield';

export interface FailoverRound {
  /** From the kill, or the last write before, to the first write under the new leader. */
  readonly tookMs: number;
  /** The longest other pause of writes in this round: what the machine makes of it. */
  readonly otherMs: number;
  /** Writes that were never answered. */
  readonly unanswered: number;
  /** The client kept its connection. */
  readonly isKept: boolean;
}

const PATH = '/failover';
const PATIENCE_MS = 60_000;
/** Before the event, so that nobody is idle, and behind it. */
const WRITES = 200;

export class FailoverSide {
  readonly kind: ServerKind;
  readonly #ensemble: TestEnsemble;

  private constructor(kind: ServerKind, ensemble: TestEnsemble) {
    this.kind = kind;
    this.#ensemble = ensemble;
  }

  static async start(kind: ServerKind): Promise<FailoverSide> {
    const ensemble = await TestEnsemble.create({
      kinds: [kind, kind, kind],
      extra: kind === 'zabra' ? ['4lw.commands.whitelist=*, ydld'] : [],
    });
    const side = new FailoverSide(kind, ensemble);
    try {
      await ensemble.start();
      const client = await connect(ensemble.connectString);
      await client.create(PATH);
      await client.close();
      await side.#waitUntilInStep();
    } catch (error) {
      await side.end(true);
      throw error;
    }
    return side;
  }

  async end(failed: boolean): Promise<void> {
    await this.#ensemble.end(failed);
  }

  /** One event, and everything back to where it was but for who leads. */
  async round(event: FailoverEvent): Promise<FailoverRound> {
    const leader = await this.#ensemble.leader(PATIENCE_MS);
    const followers = this.#ensemble.servers.filter((server) => server !== leader);
    const ports = followers.map(({ clientPort }) => clientPort);
    const before = await versionAt(ports[0] as number);
    const writer = new SteadyWriter(ports, PATH);
    writer.start();
    await this.#waitForWrites(writer);
    const sinceMs = performance.now();
    await takeAway(leader, event);
    await waitFor('another leader', PATIENCE_MS, async () => {
      const modes = await Promise.all(followers.map((server) => server.mode()));
      return modes.includes('leader') && modes.includes('follower');
    });
    await this.#waitForWrites(writer);
    await writer.stop();
    if (!leader.running) {
      leader.start();
      await leader.waitUntilServing(PATIENCE_MS);
    }
    await this.#waitUntilInStep();
    const applied = (await versionAt(leader.clientPort)) - before;
    judge(writer, applied);
    return {
      ...pauseOf(writer.acknowledged, event === 'kill' ? sinceMs : null),
      unanswered: writer.unanswered,
      isKept: writer.connections === 1,
    };
  }

  async #waitForWrites(writer: SteadyWriter): Promise<void> {
    const wanted = writer.acknowledged.length + WRITES;
    await waitFor(`${WRITES} writes`, PATIENCE_MS, () => {
      return writer.isStopped || writer.acknowledged.length >= wanted;
    });
  }

  async #waitUntilInStep(): Promise<void> {
    await waitFor('three servers in step', PATIENCE_MS, async () => {
      const ports = this.#ensemble.servers.map(({ clientPort }) => clientPort);
      const zxids = await Promise.all(ports.map((port) => askSrvr(port, 'Zxid')));
      return zxids.every((zxid) => zxid !== null && zxid === zxids[0]);
    });
  }
}

async function takeAway(leader: ServerProcess, event: FailoverEvent): Promise<void> {
  if (event === 'yield') {
    const answer = await askWord(leader.clientPort, 'ydld');
    if (!answer.startsWith('Sent ')) throw new Error(`The leader does not yield: ${answer}`);
    return;
  }
  await leader.end(event === 'kill' ? 'SIGKILL' : 'SIGTERM');
}

/**
 * The new leader's first write after the old one's last, or after a kill; and the longest of the
 * other pauses, which have nothing to do with it.
 */
function pauseOf(
  acknowledged: readonly Acknowledgement[],
  killedMs: number | null,
): { tookMs: number; otherMs: number } {
  let fromMs = killedMs;
  let toMs = Number.NaN;
  let otherMs = 0;
  for (const [index, { ms, epoch }] of acknowledged.entries()) {
    const before = acknowledged[index - 1];
    if (before === undefined) continue;
    if (epoch === before.epoch) {
      otherMs = Math.max(otherMs, ms - before.ms);
      continue;
    }
    // Should one change of the leader follow another, the pause is that of both.
    fromMs ??= before.ms;
    toMs = ms;
  }
  if (fromMs === null || Number.isNaN(toMs)) throw new Error('No write tells of a new leader');
  return { tookMs: toMs - fromMs, otherMs };
}

/** Each write that was acknowledged is there, and no more than those that were sent. */
function judge(writer: SteadyWriter, applied: number): void {
  const acknowledged = writer.acknowledged.length;
  if (applied >= acknowledged && applied <= acknowledged + writer.unanswered) return;
  const said = `${acknowledged} writes acknowledged, ${writer.unanswered} unanswered`;
  throw new Error(`Writes were lost or made twice: ${said}, ${applied} applied`);
}

async function versionAt(port: number): Promise<number> {
  const client = await connect(`127.0.0.1:${port}`);
  try {
    await client.sync(PATH);
    const { stat } = await client.getData(PATH);
    return stat.version;
  } finally {
    await client.close();
  }
}
