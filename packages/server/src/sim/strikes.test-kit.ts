/**
 * A scenario struck at every point: what happens is played once undisturbed, to count the packets
 * and disk requests of the server that matters, and then once for each of them and each kind of
 * strike. Whatever was struck, the ensemble comes together, takes writes, and is the same after its
 * power was cut, which shows that memory and disk said the same. The checkers of the simulation
 * watch all of it.
 */

import assert from 'node:assert/strict';
import { Drill } from './drill.test-kit.ts';
import { HEALTHY_DISK, HEALTHY_PACE, type Plan } from './plan.ts';

export type Strike = (drill: Drill) => void;

export interface Play {
  readonly plan?: Partial<Plan>;
  /** Brings the ensemble to where the scenario begins. */
  readonly stage: (drill: Drill) => void;
  /** Begins what is struck; it is over when all that run serve one state. */
  readonly begin: (drill: Drill) => void;
  /** The sid whose packets and disk requests are counted. */
  readonly at: number;
  readonly strikes: Readonly<Record<string, Strike>>;
  /** What the undisturbed play must have shown, so that the scenario is what it says. */
  readonly undisturbed?: (drill: Drill) => void;
  /** What must hold when all came together, struck or not. */
  readonly finally?: (drill: Drill) => void;
}

export const kill =
  (sid: number): Strike =>
  (drill) =>
    drill.server(sid).kill();
export const cutPower =
  (sid: number): Strike =>
  (drill) =>
    drill.server(sid).cutPower();
export const cutLinks =
  (sid: number): Strike =>
  (drill) =>
    drill.cut(sid);
export const cutPowerOfAll: Strike = (drill) => {
  for (const server of drill.ensemble.servers) server.cutPower();
};

const POINTS_MAX = process.env['ZABRA_NIGHT'] === '1' ? 1000 : 8;
/** A strike comes with the point, or while its packet or disk request is under way. */
const DELAYS_US = [0, 150, 700];
/** For how long a strike is left to itself, ms. */
const AFTERMATH_MS = 300;
const AT_ONCE_US = 500;

/** Counts packets and disk requests of one server, and calls at one of them. */
class Points {
  count = 0;
  #at = -1;
  #then: (() => void) | null = null;

  constructor(drill: Drill, sid: number) {
    const { net, ensemble } = drill;
    const { host } = drill.server(sid);
    const { onSent } = net;
    net.onSent = (from, bytes) => {
      onSent(from, bytes);
      if (from.host === host || from.other.host === host) this.#onPoint();
    };
    ensemble.listener = {
      onSubmitted: (server) => {
        if (server.sid === sid) this.#onPoint();
      },
      onEnded: () => undefined,
    };
  }

  call(at: number, then: () => void): void {
    this.count = 0;
    this.#at = at;
    this.#then = then;
  }

  #onPoint(): void {
    if (this.count++ === this.#at) this.#then?.();
  }
}

function bringTogether(drill: Drill): void {
  drill.endLoads();
  drill.heal();
  for (const server of drill.ensemble.servers) server.setHealth(HEALTHY_DISK, HEALTHY_PACE);
  drill.start();
  drill.settle();
  drill.waitFor('a leader', () => drill.leader() > 0);
  assert.ok(drill.write(drill.leader(), 3, '/afterwards'), 'it takes writes');
  drill.settle();
  const [before] = drill.ensemble.statuses();
  cutPowerOfAll(drill);
  drill.start();
  drill.settle();
  for (const { digest } of drill.ensemble.statuses()) {
    assert.equal(digest, before?.digest, 'memory was what the disks said');
  }
}

function stage({ plan, stage: bring, at }: Play): { drill: Drill; points: Points } {
  const drill = new Drill(plan);
  const points = new Points(drill, at);
  bring(drill);
  return { drill, points };
}

/** Plays it undisturbed; returns how many points it has. */
function playUndisturbed(play: Play): number {
  const { drill, points } = stage(play);
  points.call(-1, () => undefined);
  drill.forget();
  play.begin(drill);
  drill.waitFor('an undisturbed end', () => drill.isSettled(), AT_ONCE_US);
  const { count } = points;
  play.undisturbed?.(drill);
  bringTogether(drill);
  play.finally?.(drill);
  return count;
}

export function playStruck(play: Play): void {
  const total = playUndisturbed(play);
  assert.ok(total > 0, 'there is something to strike');
  const points = Math.min(total, POINTS_MAX);
  for (const [name, strike] of Object.entries(play.strikes)) {
    for (let index = 0; index < points; index++) {
      const point = Math.floor((index * total) / points);
      try {
        playOnce(play, strike, point, DELAYS_US[index % DELAYS_US.length] ?? 0);
      } catch (error) {
        throw new Error(`${name} at point ${point} of ${total}`, { cause: error });
      }
    }
  }
}

function playOnce(play: Play, strike: Strike, point: number, delayUs: number): void {
  const { drill, points } = stage(play);
  let struck = false;
  points.call(point, () => {
    drill.clock.after(delayUs, () => {
      struck = true;
      strike(drill);
    });
  });
  play.begin(drill);
  drill.waitFor('the strike', () => struck, AT_ONCE_US);
  drill.run(AFTERMATH_MS);
  bringTogether(drill);
  play.finally?.(drill);
}
