/**
 * How a connection comes into each of the states, by what careful clients do, and which servers
 * have it. Nothing that is sent here counts as an input.
 */

import { type JuteWriter, OpCode, writeAuthPacket } from '@zabra/protocol';
import type { Bed } from './bed.ts';
import { Finding } from './finding.ts';
import {
  bigMultiFrame,
  connectFrame,
  createFrame,
  getDataFrame,
  joined,
  requestFrame,
  type SessionId,
} from './frames.ts';
import type { FuzzClient } from './fuzz-client.ts';
import { BIG_NODE } from './janitor.ts';
import { saslRequest, saslTokens } from './log-in.ts';
import type { StateName } from './observe.ts';
import { BIG_BYTES, type ServerKind } from './servers.ts';

/** What entering a state needs of the run. */
export interface Stage {
  readonly bed: Bed;
  /** Any number: where a message is cut, which of several ways is taken. */
  readonly variation: number;
  /** A connection that is judged; a turn is open then. */
  connect(label: string): FuzzClient;
  /** Everybody else on the server expects that its role ends. */
  beforeRoleEnds(): void;
}

export interface State {
  readonly name: StateName;
  /** Inputs that come in one turn, since the state ends with it; 0: it lasts. */
  readonly burst: number;
  /** How often it is visited, beside others. */
  readonly weight: number;
  readonly isOf: (kind: ServerKind) => boolean;
  enter(stage: Stage): FuzzClient;
}

const BURST = 8;
/** Whatever comes here is read later, in one go, and up to what ends the connection. */
const KEPT_BURST = 3;
/** A role costs an election: as many inputs as there are come with its end. */
const ROLE_BURST = 1000;
const BIG_MULTI_OPS = 120;
const OUTSTANDING = 16;
const ROLE_TURNS_MAX = 1000;
const UNKNOWN_OPCODE = 999;
const TOKENS = saslTokens();
const NO_TOKEN = TOKENS[0] as Uint8Array;
const RIGHT_TOKEN = TOKENS[1] as Uint8Array;
const WRONG_TOKEN = TOKENS[2] as Uint8Array;

const RARE: ReadonlySet<StateName> = new Set([
  // Megabytes go back and forth for a few inputs.
  'not reading',
  // Nobody listens any more.
  'after auth failure',
  'closing',
  'after close',
  'cut',
]);

const isAny = (): boolean => true;
const isThrottled = ({ name }: ServerKind): boolean => name === 'throttled';
/** Sessions of one server alone are there at once. */
const areAgreed = ({ config }: ServerKind): boolean => config.localSessionsEnabled !== true;
const isFollower = ({ place }: ServerKind): boolean => place === 'follower';
const isReadOnly = ({ config }: ServerKind): boolean => config.readOnlyAfterMs !== undefined;
const isMember = ({ place }: ServerKind): boolean => place !== 'alone';
const hasSasl = ({ config }: ServerKind): boolean =>
  (config.authentication?.saslUsers ?? null) !== null;
const needsSasl = ({ config }: ServerKind): boolean =>
  config.authentication?.requiredSchemes.includes('sasl') === true;
/** A few replies with the big znode are more than a connection may have on its way. */
const isRoomy = ({ bigBytes }: ServerKind): boolean => bigBytes >= BIG_BYTES;

export const STATES: readonly State[] = [
  lasting('before connect', isAny, (stage) => stage.connect('')),
  lasting('connect half received', isAny, (stage) => {
    const client = stage.connect('');
    const frame = connectFrame(null);
    client.feed(frame.subarray(0, 1 + (stage.variation % (frame.length - 1))));
    return client;
  }),
  keeping('session being created', areAgreed, (stage) => {
    const client = stage.connect('');
    client.feed(connectFrame(null, true));
    return client;
  }),
  keeping(
    'session being renewed',
    (kind) => isFollower(kind) && areAgreed(kind),
    (stage) => renewing(stage, 'session being renewed'),
  ),
  lasting('open', isAny, (stage) => opened(stage, '')),
  lasting('open, read-only wanted', isAny, (stage) => opened(stage, 'open, read-only wanted')),
  lasting('resumed', isAny, (stage) => {
    const client = renewing(stage, 'resumed');
    stage.bed.run();
    authenticate(stage.bed, client);
    return client;
  }),
  lasting('inside a frame', isAny, (stage) => {
    const frame = getDataFrame(1, '/a/b');
    return saying(stage, '', frame.subarray(0, 1 + (stage.variation % (frame.length - 1))));
  }),
  lasting('inside a big multi', isAny, (stage) => {
    const frame = bigMultiFrame(1, BIG_MULTI_OPS, false);
    const part = frame.subarray(0, 100 + (stage.variation % (frame.length - 101)));
    return saying(stage, 'inside a big multi', part);
  }),
  lasting('behind a write', isAny, (stage) => waiting(stage, '', createFrame(1, '/w'))),
  lasting('behind a big multi', isAny, (stage) => {
    const frame = bigMultiFrame(1, BIG_MULTI_OPS, stage.variation % 2 === 0);
    return waiting(stage, 'behind a big multi', frame);
  }),
  lasting('held', isThrottled, (stage) => {
    const filler = opened(stage, '');
    const client = opened(stage, '');
    stage.bed.isLogStuck = true;
    filler.feed(joined([1, 2, 3, 4].map((xid) => createFrame(xid, `/w${xid}`))));
    client.feed(getDataFrame(1, '/a'));
    stage.bed.closeTurn();
    return client;
  }),
  keeping('throttled', isThrottled, (stage) => {
    const client = opened(stage, '');
    stage.bed.isLogStuck = true;
    stage.bed.openTurn();
    const frames = Array.from({ length: OUTSTANDING }, (_, xid) => createFrame(xid, `/w${xid}`));
    client.feed(joined(frames));
    return client;
  }),
  keeping('not reading', isRoomy, (stage) => {
    const client = opened(stage, '');
    client.stopReading();
    stage.bed.openTurn();
    client.feed(joined([1, 2, 3].map((xid) => getDataFrame(xid, BIG_NODE))));
    return client;
  }),
  lasting('SASL in progress', hasSasl, (stage) =>
    saying(stage, 'SASL in progress', saslRequest(1, NO_TOKEN)),
  ),
  lasting(
    'SASL failed',
    (kind) => hasSasl(kind) && !needsSasl(kind),
    (stage) => {
      const tokens = [saslRequest(1, NO_TOKEN), saslRequest(2, WRONG_TOKEN)];
      return saying(stage, 'SASL failed', joined(tokens));
    },
  ),
  lasting('must authenticate', needsSasl, (stage) => opened(stage, 'must authenticate')),
  passing('after auth failure', isAny, (stage) => {
    const auth = new TextEncoder().encode('x');
    const packet = requestFrame(1, OpCode.auth, (w: JuteWriter) =>
      writeAuthPacket(w, { type: 0, scheme: 'nobody', auth }),
    );
    return saying(stage, 'after auth failure', packet);
  }),
  lasting('closing', isAny, (stage) => waiting(stage, '', requestFrame(1, OpCode.closeSession))),
  passing('after close', isAny, goodbye),
  passing('cut', isAny, (stage) => saying(stage, '', Uint8Array.of(0xff, 0xff, 0xff, 0xff))),
  { ...passing('role over', isFollower, endRole), burst: ROLE_BURST },
  lasting('not serving', isMember, (stage) => {
    if (stage.bed.hasRole) {
      stage.beforeRoleEnds();
      stage.bed.loseRole();
    }
    return stage.connect('');
  }),
  lasting('read-only mode', isReadOnly, (stage) => {
    const { bed } = stage;
    if (bed.hasRole) {
      stage.beforeRoleEnds();
      bed.loseRole();
    }
    bed.until('read-only mode', () => bed.peer.status().readOnly);
    const client = stage.connect('read-only mode');
    client.feed(connectFrame(null, true));
    bed.run();
    return client;
  }),
];

export function stateOf(name: string): State {
  const state = STATES.find((one) => one.name === name);
  if (state === undefined) throw new Error(`There is no state "${name}"`);
  return state;
}

export function statesOf(kind: ServerKind): readonly State[] {
  return STATES.filter(({ isOf }) => isOf(kind));
}

function lasting(name: StateName, isOf: State['isOf'], enter: (stage: Stage) => FuzzClient): State {
  return { name, burst: 0, weight: weightOf(name), isOf, enter };
}

function passing(name: StateName, isOf: State['isOf'], enter: (stage: Stage) => FuzzClient): State {
  return { name, burst: BURST, weight: weightOf(name), isOf, enter };
}

function keeping(name: StateName, isOf: State['isOf'], enter: (stage: Stage) => FuzzClient): State {
  return { ...passing(name, isOf, enter), burst: KEPT_BURST };
}

function weightOf(name: StateName): number {
  return RARE.has(name) ? 1 : 3;
}

/** With a session of its own, and logged in where that is needed; at rest. */
function opened(stage: Stage, label: string): FuzzClient {
  const { bed } = stage;
  const client = stage.connect(label);
  client.feed(connectFrame(null, label === 'open, read-only wanted'));
  bed.run();
  if (label !== 'must authenticate' && label !== 'SASL in progress') authenticate(bed, client);
  return client;
}

function authenticate(bed: Bed, client: FuzzClient): void {
  if (!bed.config.authentication.requiredSchemes.includes('sasl')) return;
  bed.openTurn();
  client.feed(joined([saslRequest(1, NO_TOKEN), saslRequest(2, RIGHT_TOKEN)]));
  bed.run();
}

/** Open, and these bytes are said in the turn that is open now. */
function saying(stage: Stage, label: string, bytes: Uint8Array): FuzzClient {
  const client = opened(stage, label);
  stage.bed.openTurn();
  client.feed(bytes);
  return client;
}

/** Open, and what it says becomes no transaction before the state is left. */
function waiting(stage: Stage, label: string, bytes: Uint8Array): FuzzClient {
  const client = opened(stage, label);
  stage.bed.isLogStuck = true;
  stage.bed.openTurn();
  client.feed(bytes);
  stage.bed.closeTurn();
  return client;
}

/** A session whose connection is lost asks on another one; a turn is open then. */
function renewing(stage: Stage, label: string): FuzzClient {
  const before = opened(stage, '');
  const session = before.conversation?.session as SessionId;
  before.hangUp();
  stage.bed.turn();
  const client = stage.connect(label);
  client.feed(connectFrame(session));
  return client;
}

/** The server has said its last word, and closes when this turn ends. */
function goodbye(stage: Stage): FuzzClient {
  const { bed, variation } = stage;
  if (variation % 3 === 0) {
    const client = stage.connect('');
    client.feed(Uint8Array.from(Buffer.from('ruok')));
    return client;
  }
  if (variation % 3 === 1 || bed.kind.place === 'alone') {
    return saying(stage, '', requestFrame(1, UNKNOWN_OPCODE));
  }
  const client = opened(stage, '');
  bed.openTurn();
  client.feed(requestFrame(1, OpCode.closeSession));
  for (let turns = 0; turns < ROLE_TURNS_MAX && !client.isOver; turns++) {
    bed.openTurn();
    if (client.connection.closeAfterFlush) return client;
    bed.closeTurn();
  }
  throw new Finding('A closeSession is not answered');
}

/** With a write on its way and half a frame said, the server loses its role in this turn. */
function endRole(stage: Stage): FuzzClient {
  const { bed, variation } = stage;
  if (!bed.hasRole) bed.regainRole();
  const client = opened(stage, 'role over');
  stage.beforeRoleEnds();
  bed.openTurn();
  const frame = getDataFrame(2, '/a/b');
  client.feed(joined([createFrame(1, '/w'), frame.subarray(0, variation % frame.length)]));
  bed.closeTurn();
  bed.breakLinks();
  for (let turns = 0; turns < ROLE_TURNS_MAX; turns++) {
    bed.openTurn();
    if (!bed.isServing) return client;
    bed.closeTurn();
  }
  throw new Finding('A server without its links goes on serving');
}
