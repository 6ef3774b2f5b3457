/**
 * ElectionMesh: one connection between each pair of members for notifications (quorum-protocol.md
 * 2; upstream `QuorumCnxManager`). Links are abstract: bytes in, bytes out, closed. It knows who
 * dials whom, the INIT that opens a connection, frames, and the one-place queues; what a vote means
 * is the affair of `fast-leader-election.ts`.
 *
 * Of a pair the larger sid dials. When the smaller one wants a connection it dials too, says INIT
 * and hangs up: the larger calls back, where INIT or the configuration says, or else where the
 * knock came from. Both ends close that first connection on purpose (T4).
 * Whoever is outside the configuration is answered when it asks: its votes are passed on with its
 * sid, which counts nowhere.
 */

import {
  HeldBytes,
  type HostPort,
  JuteReader,
  JuteWriter,
  type Prng,
  readInit,
  readNotification,
  SID_ANONYMOUS,
  writeInit,
  writeNotification,
} from '@zabra/protocol';
import { declare, readDeclaration } from './declaration.ts';
import { ElectionPeer, type ElectionPeerOwner } from './election-peer.ts';
import type { Member } from './ensemble-config.ts';
import type { Vote } from './vote.ts';
import type { ElectionLink, MeshHost } from './zab-host.ts';

export interface MeshOptions {
  /** Send INIT in its second form, with all addresses (every member must understand it). */
  readonly multiAddress: boolean;
  /** `zookeeper.cnxTimeout`, 5000. */
  readonly connectTimeoutMs: number;
  /** How long an accepted connection may take for its INIT: syncLimit * tickTime. */
  readonly helloTimeoutMs: number;
  /** We authenticate behind INIT: `onAuthenticated` follows, within as long. */
  readonly authenticates: boolean;
}

/** Accepted connections that have not said INIT; beyond it the oldest is closed. */
const HELLOS_MAX = 64;
/** Sids outside the configuration that are kept connected; beyond it the oldest is closed. */
const STRANGERS_MAX = 32;
/** Below every sid that the protocol names: stands for an observer without one. */
const ANONYMOUS_FIRST = -3;

interface Hello {
  readonly link: ElectionLink;
  readonly untilMs: number;
  readonly held: HeldBytes;
}

export class ElectionMesh implements ElectionPeerOwner {
  readonly #host: MeshHost;
  readonly #options: MeshOptions;
  readonly #prng: Prng;
  readonly #peers: Map<number, ElectionPeer>;
  readonly #hellos: Map<number, Hello>;
  /** Adopted connections and dials in progress, by link id. */
  readonly #owners: Map<number, ElectionPeer>;
  readonly #reader: JuteReader;
  readonly #frame: JuteWriter;
  #anonymousNext: number;
  #stopped: boolean;

  constructor(host: MeshHost, members: readonly Member[], options: MeshOptions, prng: Prng) {
    this.#host = host;
    this.#options = options;
    this.#prng = prng;
    this.#peers = new Map();
    this.#hellos = new Map();
    this.#owners = new Map();
    this.#reader = new JuteReader();
    this.#frame = new JuteWriter(512);
    this.#anonymousNext = ANONYMOUS_FIRST;
    this.#stopped = false;
    this.setMembers(members);
  }

  /**
   * From here on these are the members. Connections stay: with new members they are made when there
   * is something to say, with former ones they live as those of any stranger.
   */
  setMembers(members: readonly Member[]): void {
    const former = new Set(this.#peers.values());
    for (const { sid, addresses } of members) {
      if (sid === this.#host.sid) continue;
      const configured = addresses.map((a): HostPort => ({ host: a.host, port: a.electionPort }));
      const peer = this.#peers.get(sid) ?? new ElectionPeer(this, sid, true, configured);
      peer.configure(true, configured);
      this.#peers.set(sid, peer);
      former.delete(peer);
    }
    for (const peer of former) {
      peer.configure(false, []);
      this.#forgetStranger(peer);
    }
  }

  /** Sids with a connection, ascending. */
  connected(): number[] {
    const sids: number[] = [];
    for (const peer of this.#peers.values()) if (peer.link !== null) sids.push(peer.sid);
    return sids.sort((a, b) => a - b);
  }

  /** Members that the last dial did not reach, each with where and why. */
  unreachable(): string[] {
    const found: string[] = [];
    for (const { isMember, unreachable } of this.#peers.values()) {
      if (isMember && unreachable !== null) found.push(unreachable);
    }
    return found;
  }

  isConnected(sid: number): boolean {
    const link = this.#peers.get(sid)?.link ?? null;
    return link !== null;
  }

  /** Newest wins while the connection does not take it; dials when there is no connection. */
  send(sid: number, vote: Vote): void {
    const peer = this.#peers.get(sid);
    if (peer === undefined || this.#stopped) return;
    const w = this.#frame;
    w.reset();
    w.int(0);
    writeNotification(w, { ...vote, version: 2, config: this.#host.ensembleText });
    declare(w);
    w.patchInt(0, w.position - 4);
    peer.enqueue(w.toBytes());
    this.#want(peer);
  }

  /** Dials every member without a connection. */
  connectAll(): void {
    if (this.#stopped) return;
    for (const peer of this.#peers.values()) if (peer.isMember) this.#want(peer);
  }

  /** A connection came in at our election port. */
  onAccepted(link: ElectionLink): void {
    if (this.#stopped) {
      link.close('the election is stopped');
      return;
    }
    for (const oldest of this.#hellos.values()) {
      if (this.#hellos.size < HELLOS_MAX) break;
      this.#hellos.delete(oldest.link.id);
      oldest.link.close('too many connections without INIT');
    }
    const untilMs = this.#host.nowMs() + this.#options.helloTimeoutMs;
    this.#hellos.set(link.id, { link, untilMs, held: new HeldBytes() });
  }

  /** A dial of ours succeeded. */
  onDialed(link: ElectionLink): void {
    const peer = this.#owners.get(link.id);
    if (peer === undefined || peer.dialing !== link) {
      link.close('this dial was given up');
      return;
    }
    const { sid, electionAddresses } = this.#host;
    const w = this.#frame;
    w.reset();
    writeInit(w, sid, electionAddresses, this.#options.multiAddress);
    link.write(w.buffer, 0, w.position);
    if (this.#options.authenticates) {
      peer.dialUntilMs = this.#host.nowMs() + this.#options.helloTimeoutMs;
    } else {
      this.onAuthenticated(link);
    }
  }

  /** Whoever we dialed believes us, or does not ask. */
  onAuthenticated(link: ElectionLink): void {
    const peer = this.#owners.get(link.id);
    if (peer === undefined || peer.dialing !== link) {
      link.close('this dial was given up');
      return;
    }
    if (this.#host.sid < peer.sid) {
      // A knock: it is for the larger sid to call back.
      this.#owners.delete(link.id);
      peer.onDialOver(false, this.#host.nowMs(), this.#prng);
      link.finish('the larger sid dials back');
      return;
    }
    this.#adopt(peer, link);
  }

  onBytes(link: ElectionLink, buffer: Uint8Array, start: number, end: number): void {
    const hello = this.#hellos.get(link.id);
    if (hello !== undefined) {
      this.#onHelloBytes(hello, buffer, start, end);
      return;
    }
    const peer = this.#owners.get(link.id);
    if (peer !== undefined && peer.link === link) peer.push(buffer, start, end);
  }

  /** Also for a dial that failed. */
  onLinkClosed(link: ElectionLink, reason: string): void {
    this.#hellos.delete(link.id);
    const peer = this.#owners.get(link.id);
    if (peer === undefined) return;
    this.#owners.delete(link.id);
    if (peer.dialing === link) {
      this.#onUnreachable(peer, link, reason);
      peer.onDialOver(true, this.#host.nowMs(), this.#prng);
    } else if (peer.link === link) {
      // A close of an old connection must not touch a newer one: compare identity (section 19).
      peer.drop(reason);
      if (peer.hasUnsentMessage) this.#want(peer);
    }
    this.#forgetStranger(peer);
  }

  tick(): void {
    if (this.#stopped) return;
    const now = this.#host.nowMs();
    for (const hello of this.#hellos.values()) {
      if (now < hello.untilMs) continue;
      this.#hellos.delete(hello.link.id);
      hello.link.close('it did not say INIT in time');
    }
    for (const peer of this.#peers.values()) {
      peer.flush();
      if (peer.dialing !== null && now >= peer.dialUntilMs) this.#giveUpDial(peer);
      if (peer.wanted) this.#want(peer);
    }
  }

  /** Closes every connection; nothing is accepted from here on. */
  stop(): void {
    this.#stopped = true;
    for (const hello of this.#hellos.values()) hello.link.close('the election is stopped');
    for (const peer of this.#peers.values()) {
      peer.dialing?.close('the election is stopped');
      peer.dialing = null;
      peer.drop('the election is stopped');
    }
    this.#hellos.clear();
    this.#owners.clear();
  }

  onFrame(peer: ElectionPeer, buffer: Uint8Array, start: number, end: number): void {
    if (this.#stopped) return;
    if (start === end) {
      this.onFrameFault(peer, 'it sent an empty frame');
      return;
    }
    peer.onAlive();
    const r = this.#reader.reset(buffer, start, end);
    const notification = readNotification(r);
    if (notification === null) {
      // S20: one bad message costs itself, not the connection.
      this.#host.log('warn', 'QuorumCnxManager', `Ignored a malformed vote of ${peer.sid}`);
      return;
    }
    this.#host.onNotification(peer.sid, notification, readDeclaration(r) > 0);
  }

  onFrameFault(peer: ElectionPeer, message: string): void {
    this.#host.log('warn', 'QuorumCnxManager', `Closing the connection of ${peer.sid}: ${message}`);
    this.#dropLink(peer, message);
    this.#forgetStranger(peer);
  }

  #onHelloBytes(hello: Hello, buffer: Uint8Array, start: number, end: number): void {
    const { link, held } = hello;
    held.append(buffer, start, end);
    const r = this.#reader.reset(held.buffer, held.start, held.end);
    const init = readInit(r);
    if (init === 'incomplete') return;
    this.#hellos.delete(link.id);
    if (init === 'malformed') {
      this.#host.log('warn', 'QuorumCnxManager', `${link.remote} did not begin with INIT`);
      link.close('it did not begin with INIT');
      return;
    }
    const rest = r.position;
    const peer = this.#introduce(link, init.sid, init.addresses);
    if (peer !== null) peer.push(held.buffer, rest, held.end);
  }

  /** The member that now has this connection; null when the connection is closed. */
  #introduce(
    link: ElectionLink,
    announcedSid: number,
    addresses: readonly HostPort[],
  ): ElectionPeer | null {
    const own = this.#host.sid;
    if (announcedSid === own || announcedSid < 0) {
      this.#host.log('warn', 'QuorumCnxManager', `${link.remote} says that it is ${announcedSid}`);
      link.close('its sid is ours, or none');
      return null;
    }
    const isAnonymous = announcedSid === SID_ANONYMOUS;
    const peer = this.#peerOf(isAnonymous ? this.#anonymousNext-- : announcedSid);
    peer.onAnnounced(addresses);
    if (announcedSid > own) {
      this.#adopt(peer, link);
      return peer;
    }
    // It knocked, so whatever connection we believed in is gone at its end.
    link.finish('the larger sid dials back');
    this.#dropLink(peer, 'its other end asks for a new one');
    peer.redialAtMs = 0;
    peer.onKnocked(link.remote.slice(0, link.remote.lastIndexOf(':')));
    this.#want(peer);
    return null;
  }

  #peerOf(sid: number): ElectionPeer {
    let peer = this.#peers.get(sid);
    if (peer !== undefined) return peer;
    const strangers = [...this.#peers.values()].filter((p) => !p.isMember);
    const oldest = strangers[0];
    if (oldest !== undefined && strangers.length >= STRANGERS_MAX) {
      this.#dropLink(oldest, 'too many connections from outside the ensemble');
      this.#giveUpDial(oldest);
      this.#peers.delete(oldest.sid);
    }
    peer = new ElectionPeer(this, sid, false, []);
    this.#peers.set(sid, peer);
    return peer;
  }

  #adopt(peer: ElectionPeer, link: ElectionLink): void {
    if (peer.link !== null) this.#owners.delete(peer.link.id);
    if (peer.dialing !== null) this.#owners.delete(peer.dialing.id);
    this.#owners.set(link.id, peer);
    peer.adopt(link);
    this.#host.onConnected(peer.sid);
  }

  /** Dials now if the back-off allows, else as soon as it does. */
  #want(peer: ElectionPeer): void {
    if (peer.link !== null || peer.dialing !== null) return;
    const now = this.#host.nowMs();
    const address = peer.nextAddress();
    peer.wanted = address !== null;
    if (address === null || now < peer.redialAtMs) return;
    const link = this.#host.dial(address);
    peer.dialing = link;
    peer.dialUntilMs = now + this.#options.connectTimeoutMs;
    this.#owners.set(link.id, peer);
  }

  #giveUpDial(peer: ElectionPeer): void {
    const link = peer.dialing;
    if (link === null) return;
    this.#owners.delete(link.id);
    this.#onUnreachable(peer, link, 'the dial takes too long');
    peer.onDialOver(true, this.#host.nowMs(), this.#prng);
    link.close('the dial takes too long');
  }

  /** Once for each way of being out of reach: peers that come up later are the normal start. */
  #onUnreachable(peer: ElectionPeer, link: ElectionLink, reason: string): void {
    const isNew = peer.onUnreachable(link.remote, reason);
    this.#host.log(
      isNew ? 'info' : 'debug',
      'QuorumCnxManager',
      `Cannot reach ${peer.unreachable}`,
    );
  }

  #dropLink(peer: ElectionPeer, reason: string): void {
    if (peer.link === null) return;
    this.#owners.delete(peer.link.id);
    peer.drop(reason);
  }

  /** Nothing is kept about a sid outside the configuration that has gone. */
  #forgetStranger(peer: ElectionPeer): void {
    if (!peer.isMember && peer.link === null && peer.dialing === null) this.#peers.delete(peer.sid);
  }
}
