/**
 * QuorumGate: where connections between servers begin. Without SASL it lets them through as they
 * come; with it, a connection waits here until its ends have authenticated, on the election port
 * behind INIT, on the quorum port first of all (quorum-protocol.md 16). Towards whom does not
 * matter: every member authenticates to every other, whatever its role (S24). What waits blocks
 * nobody: it is bounded in number and in time (T3).
 */

import {
  DigestLogin,
  HeldBytes,
  JuteReader,
  JuteWriter,
  readInit,
  writeQuorumAuthPacket,
} from '@zabra/protocol';
import { DigestMd5, QUORUM_SERVICE } from '../ops/digest-md5.ts';
import type { ElectionLink } from '../zab/zab-host.ts';
import {
  AcceptedExchange,
  type AuthExchange,
  DialedExchange,
  type SayAuth,
} from './auth-exchange.ts';
import type { PeerCore } from './peer-core.ts';
import { type LinkGate, MeshLink, type PeerLinks, type QuorumLink } from './peer-links.ts';
import type { QuorumAuthConfig } from './quorum-auth-config.ts';
import type { LinkKind, Output } from './ready.ts';

/** Accepted connections that wait; beyond it the oldest is closed. */
const WAITING_MAX = 64;
/** Addresses that are remembered for want of trust; some of them others have told us. */
const TROUBLES_MAX = 256;

export interface QuorumGateOwner {
  /** A learner came to our quorum port, or to our observer-master port. */
  onLearner(link: QuorumLink): void;
  /** The connection to our leader's quorum port stands. */
  onLeaderReached(link: QuorumLink): void;
}

/** What the election mesh hears; see `ElectionMesh`. */
export interface GateMesh {
  onAccepted(link: ElectionLink): void;
  onDialed(link: ElectionLink): void;
  onAuthenticated(link: ElectionLink): void;
}

export type GateHost = Pick<PeerCore, 'config' | 'hashes' | 'ready' | 'stats' | 'nowMs' | 'log'>;

type Link = MeshLink | QuorumLink;

/** A connection that waits. */
interface Visit {
  readonly link: Link;
  readonly isDialed: boolean;
  readonly exchange: AuthExchange;
  readonly held: HeldBytes;
  /** What came before the exchange; empty, or null while it is still awaited. */
  init: Uint8Array | null;
  readonly untilMs: number;
}

const NO_BYTES = new Uint8Array(0);
/** Where who was refused talks to, until its connection has closed. */
const NOBODY: LinkGate = { onGateBytes: () => undefined };

export class QuorumGate implements LinkGate {
  readonly #core: GateHost;
  readonly #auth: QuorumAuthConfig | null;
  readonly #login: DigestLogin | null;
  readonly #links: PeerLinks;
  readonly #mesh: GateMesh;
  readonly #owner: QuorumGateOwner;
  readonly #visits: Map<number, Visit>;
  /** Where we could not authenticate, so that it is told of once. */
  readonly #troubles: Set<string>;
  readonly #reader: JuteReader;
  readonly #writer: JuteWriter;

  constructor(core: GateHost, links: PeerLinks, mesh: GateMesh, owner: QuorumGateOwner) {
    const auth = core.config.quorumAuth;
    this.#core = core;
    this.#auth = auth;
    this.#login = auth?.learnerRequiresSasl === true ? loginOf(auth, core) : null;
    this.#links = links;
    this.#mesh = mesh;
    this.#owner = owner;
    this.#visits = new Map();
    this.#troubles = new Set();
    this.#reader = new JuteReader();
    this.#writer = new JuteWriter();
  }

  /** Another server knocks at one of our ports. */
  onLinkOpen(kind: LinkKind, remote: string): Output {
    const link =
      kind === 'election' ? this.#links.openMesh(remote) : this.#links.openQuorum(remote, kind);
    if (this.#auth === null) this.#admit(link);
    else this.#receive(link, this.#auth);
    return link.output;
  }

  /** A dial of ours succeeded. */
  onDialed(id: number): void {
    const link = this.#links.find(id);
    if (link === undefined) return;
    const isElection = link instanceof MeshLink;
    if (isElection) this.#mesh.onDialed(link);
    if (link.output.destroy) return;
    if (this.#login === null) {
      if (!isElection) this.#owner.onLeaderReached(link);
      return;
    }
    const exchange = new DialedExchange(this.#login.begin(), this.#sayTo(link));
    this.#wait(link, true, exchange, NO_BYTES);
  }

  /** From LinkGate. */
  onGateBytes(id: number, buffer: Uint8Array, start: number, end: number): void {
    const visit = this.#visits.get(id);
    if (visit === undefined) return;
    const { held, exchange } = visit;
    held.append(buffer, start, end);
    const r = this.#reader.reset(held.buffer, held.start, held.end);
    if (visit.init === null) {
      const init = readInit(r);
      if (init === 'incomplete') return;
      if (init === 'malformed') {
        this.#refuse(visit, 'it did not begin with INIT');
        return;
      }
      visit.init = held.buffer.slice(held.start, r.position);
    }
    const verdict = exchange.step(r);
    held.consumeTo(r.position);
    if (verdict === 'passed') this.#pass(visit);
    else if (verdict !== 'more') this.#refuse(visit, verdict.refusal);
  }

  /** A connection is over. True when nobody else has heard of it. */
  onLinkClosed(link: Link): boolean {
    const visit = this.#visits.get(link.id);
    if (visit === undefined) return link.gate === NOBODY;
    if (visit.isDialed) {
      if (!link.output.destroy) this.#complain(visit, 'it closed the connection');
      this.#visits.delete(link.id);
      return false;
    }
    // Of two members the smaller sid says INIT, hangs up, and is called back.
    const isKnock = visit.init !== null && visit.init.length > 0;
    if (this.#auth?.serverRequiresSasl === true || !isKnock) {
      this.#visits.delete(link.id);
      return true;
    }
    this.#pass(visit);
    return false;
  }

  tick(): void {
    const now = this.#core.nowMs();
    for (const visit of this.#visits.values()) {
      if (now < visit.untilMs) continue;
      const { init, held, isDialed } = visit;
      const mayBeSilent = !isDialed && this.#auth?.serverRequiresSasl === false;
      if (mayBeSilent && init !== null && held.length === 0) this.#pass(visit);
      else this.#refuse(visit, `it did not ${init === null ? 'say INIT' : 'authenticate'} in time`);
    }
  }

  #receive(link: Link, auth: QuorumAuthConfig): void {
    this.#makeRoom();
    const digest = new DigestMd5(auth.users, this.#core.hashes, QUORUM_SERVICE);
    const exchange = new AcceptedExchange(digest, auth.serverRequiresSasl, this.#sayTo(link));
    this.#wait(link, false, exchange, link instanceof MeshLink ? null : NO_BYTES);
  }

  #makeRoom(): void {
    const accepted = [...this.#visits.values()].filter(({ isDialed }) => !isDialed);
    const [oldest] = accepted;
    if (oldest === undefined || accepted.length < WAITING_MAX) return;
    this.#refuse(oldest, 'too many connections wait to authenticate');
  }

  #wait(link: Link, isDialed: boolean, exchange: AuthExchange, init: Uint8Array | null): void {
    const { syncLimitTicks, tickTimeMs } = this.#core.config;
    const untilMs = this.#core.nowMs() + syncLimitTicks * tickTimeMs;
    link.gate = this;
    const held = new HeldBytes();
    this.#visits.set(link.id, { link, isDialed, exchange, held, init, untilMs });
  }

  /** From here on it is a connection like any other, and hears what came meanwhile. */
  #pass(visit: Visit): void {
    const { link, isDialed, exchange, held, init } = visit;
    this.#visits.delete(link.id);
    link.gate = null;
    if (isDialed) {
      this.#troubles.delete(link.remote);
      this.#settle(link);
    } else {
      const who = exchange instanceof AcceptedExchange ? exchange.userName : '';
      if (who !== '') {
        this.#core.log('info', 'SaslQuorumAuthServer', `${link.remote} authenticated as ${who}`);
      }
      this.#admit(link);
      if (init !== null && init.length > 0) link.onBytes(init, 0, init.length);
    }
    if (held.length > 0) link.onBytes(held.buffer, held.start, held.end);
  }

  #admit(link: Link): void {
    if (link instanceof MeshLink) this.#mesh.onAccepted(link);
    else this.#owner.onLearner(link);
  }

  #settle(link: Link): void {
    if (link instanceof MeshLink) this.#mesh.onAuthenticated(link);
    else this.#owner.onLeaderReached(link);
  }

  #refuse(visit: Visit, reason: string): void {
    const { link, isDialed } = visit;
    if (isDialed) {
      this.#complain(visit, reason);
      // The role that dialed hears of the end as of any failed dial.
      this.#visits.delete(link.id);
      link.close(reason);
      return;
    }
    const message = `Refused ${link.remote} at the ${link.kind} port: ${reason}`;
    this.#core.log('warn', 'SaslQuorumAuthServer', message);
    this.#core.stats.quorumAuthFailureCount++;
    this.#visits.delete(link.id);
    link.gate = NOBODY;
    // The last word may tell it why.
    link.output.closeAfterFlush = true;
    this.#core.ready.touch(link.output);
  }

  #complain({ link }: Visit, reason: string): void {
    if (this.#troubles.has(link.remote)) return;
    if (this.#troubles.size >= TROUBLES_MAX) this.#troubles.clear();
    this.#troubles.add(link.remote);
    const message = `Cannot authenticate to ${link.remote} at its ${link.kind} port: ${reason}`;
    this.#core.log('warn', 'SaslQuorumAuthLearner', message);
  }

  #sayTo(link: Link): SayAuth {
    return (status, token) => {
      const w = this.#writer;
      w.reset();
      writeQuorumAuthPacket(w, status, token);
      link.write(w.buffer, 0, w.position);
    };
  }
}

function loginOf({ userName, ownPassword }: QuorumAuthConfig, { hashes }: GateHost): DigestLogin {
  const password = ownPassword.passwordOf(userName) ?? '';
  return new DigestLogin(userName, password, QUORUM_SERVICE.digestUri, hashes);
}
