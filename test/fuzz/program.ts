/**
 * From a seed to a batch: visits of states that the kind of server has, inputs drawn by the grammar
 * for each of them, most of them mutated, and how they arrive. It knows nothing of the server that
 * will get them, so that the same seed gives the same batch whatever happens.
 */

import { JUTE_MAXBUFFER_DEFAULT, opName, Prng } from '@zabra/protocol';
import { bulkRequest, flood } from './bulk.ts';
import { type Draft, Grammar } from './grammar.ts';
import type { Batch, Input, Visit } from './input.ts';
import { saslTokens } from './log-in.ts';
import { mutate } from './mutate.ts';
import { opening, OPENING_KINDS } from './openings.ts';
import { ALL_OPCODES, CLIENT_OPCODES } from './schema.ts';
import type { ServerKind } from './servers.ts';
import { type State, statesOf } from './states.ts';

const VISITS = 6;
const INPUTS_MIN = 20;
const INPUTS_MAX = 60;
const CUTS_MAX = 4;
const HEALTHY_CHOICES = 1000;
/** As many bytes as this many of the longest frames come as small requests, in one go. */
const FLOOD_FRAMES = 4;
const WARM_UP_REQUESTS = 30;
const PLAIN_ARRIVAL = {
  cuts: [],
  isSlow: false,
  kept: 0,
  turns: 1,
  isFresh: true,
  healthy: -1,
} as const;
const TOKENS = saslTokens();
/** States in which a client would open a conversation. */
const OPENING_STATES: ReadonlySet<string> = new Set([
  'before connect',
  'connect half received',
  'not serving',
]);
/** They cost an election. */
const ROLE_STATES: ReadonlySet<string> = new Set(['role over', 'not serving', 'read-only mode']);
const UNKNOWN = 'unknown operation';
const UNKNOWN_OPCODES: readonly number[] = [10, 99, 108, 499, 504, 999, -12, 0x7fffffff];

/** The rows of the coverage table: every operation that has a number, and the rest. */
export const ROWS: readonly string[] = [...ALL_OPCODES.map(opName), UNKNOWN, ...OPENING_KINDS];
/** Requests, and among them those more often that do not end the connection. */
const REQUESTS: readonly string[] = [
  ...ALL_OPCODES.map(opName),
  UNKNOWN,
  ...[...CLIENT_OPCODES].flatMap((opcode) => [opName(opcode), opName(opcode)]),
];

export function drawBatch(seed: number, kind: ServerKind): Batch {
  const prng = new Prng(seed);
  const states = statesOf(kind);
  const cheap = states.flatMap((state) =>
    ROLE_STATES.has(state.name) ? [] : Array.from({ length: state.weight }, () => state),
  );
  const costly = states.filter(({ name }) => ROLE_STATES.has(name));
  const visits: Visit[] = [];
  const drawer = new InputDrawer(prng.fork(), kind);
  for (let index = 0; index < VISITS; index++) {
    // At most one of them in a batch, the last one, and not in every batch.
    const isCostly = index === VISITS - 1 && costly.length > 0 && prng.chance(1, 4);
    const state = prng.pick(isCostly ? costly : cheap);
    const count = INPUTS_MIN + prng.below(INPUTS_MAX - INPUTS_MIN);
    const inputs = Array.from({ length: count }, () => drawer.draw(state));
    visits.push({ state: state.name, inputs });
  }
  return visits;
}

/**
 * The biggest requests there are, one after another: after them a server's pools and buffers are as
 * big as they get, and what its memory does from then on says something.
 */
export function warmUpBatch({ config }: ServerKind): Batch {
  const max = config.juteMaxBufferBytes ?? JUTE_MAXBUFFER_DEFAULT;
  const inputs = Array.from({ length: WARM_UP_REQUESTS }, (_, seed): Input => {
    const { what, bytes } = bulkRequest(new Prng(seed), max);
    return { what, bytes, isMutated: false, ...PLAIN_ARRIVAL };
  });
  return [{ state: 'open', inputs }];
}

class InputDrawer {
  readonly #prng: Prng;
  readonly #grammar: Grammar;
  readonly #frameBytesMax: number;

  constructor(prng: Prng, { config }: ServerKind) {
    this.#prng = prng;
    this.#grammar = new Grammar(prng.fork(), TOKENS);
    this.#frameBytesMax = config.juteMaxBufferBytes ?? JUTE_MAXBUFFER_DEFAULT;
  }

  draw(state: State): Input {
    const prng = this.#prng;
    const bulkOneIn = this.#frameBytesMax === JUTE_MAXBUFFER_DEFAULT ? 1500 : 60;
    const isBulk = prng.chance(1, bulkOneIn);
    const isMutated = !isBulk && prng.chance(3, 4);
    const { what, bytes } = isBulk ? this.#bulk() : this.#message(state, isMutated);
    return {
      what,
      isMutated,
      bytes,
      cuts: this.#cuts(bytes.length),
      isSlow: prng.chance(1, 8),
      kept: prng.chance(1, 6) ? prng.below(bytes.length + 1) : 0,
      turns: prng.chance(1, 2) ? 0 : prng.below(3),
      isFresh: prng.chance(1, 2),
      healthy: prng.chance(1, 3) ? prng.below(HEALTHY_CHOICES) : -1,
    };
  }

  #message({ name }: State, isMutated: boolean): { what: string; bytes: Uint8Array } {
    const prng = this.#prng;
    const isOpening = prng.chance(OPENING_STATES.has(name) ? 7 : 1, 14);
    const what = prng.pick(isOpening ? OPENING_KINDS : REQUESTS);
    const draft = this.#draft(what);
    const bytes = isMutated ? mutate(draft, this.#draft(prng.pick(ROWS)), prng) : draft.bytes;
    return { what, bytes };
  }

  #draft(what: string): Draft {
    const kind = OPENING_KINDS.find((one) => one === what);
    if (kind !== undefined) return opening(kind, this.#prng);
    const opcode = ALL_OPCODES.find((one) => opName(one) === what);
    return this.#grammar.request(opcode ?? this.#prng.pick(UNKNOWN_OPCODES));
  }

  /** About as long as a frame may be: a bit less, just as much, one byte more, twice as much. */
  #bulk(): { what: string; bytes: Uint8Array } {
    const prng = this.#prng;
    const max = this.#frameBytesMax;
    if (prng.chance(1, 4)) return flood(prng, FLOOD_FRAMES * max);
    return bulkRequest(prng, prng.pick([max >> 1, max - 1, max, max + 1, max * 2]));
  }

  #cuts(length: number): readonly number[] {
    const prng = this.#prng;
    if (length < 2 || prng.chance(1, 2)) return [];
    const count = 1 + prng.below(CUTS_MAX);
    const cuts = Array.from({ length: count }, () => 1 + prng.below(length - 1));
    return [...new Set(cuts)].sort((a, b) => a - b);
  }
}
