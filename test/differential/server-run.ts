/**
 * ServerRun: one run of a program on one server. Each step is sent whole; then a ping on every
 * connection, behind all that the step caused, marks its end, so that the next step starts from
 * the same state on every server. Connections that the step closes are waited for instead.
 */

import { JuteWriter, OPEN_ACL_UNSAFE, OpCode, READ_ACL_UNSAFE, Xid } from '@zabra/protocol';
import { SUPER_PASSWORD } from './acls.ts';
import { encodeConnect, encodeRequest } from './encode.ts';
import { Link, type Pending } from './link.ts';
import { Names } from './names.ts';
import {
  type BatchStep,
  type ConnectStep,
  type Field,
  type FrameFault,
  type Request,
  SLOT_COUNT,
  type Step,
} from './program.ts';
import type { Entry, StepTranscript } from './transcript.ts';

const PING: Request = { xid: Xid.PING, opcode: OpCode.ping, fields: [], cut: 0 };
const CLOSE: Request = { xid: 9, opcode: OpCode.closeSession, fields: [], cut: 0 };
const SETUP_TIMEOUT_MS = 7_200_000;
const PIECE_DELAY_MS = 1;

const FAULT_BYTES: Readonly<Record<FrameFault, readonly number[]>> = {
  'negative-length': [0xff, 0xff, 0xff, 0xfe],
  'too-long': [0x00, 0x10, 0x00, 0x00],
  'shorter-than-a-header': [0x00, 0x00, 0x00, 0x04, 0x00, 0x00, 0x00, 0x01],
  word: [0x72, 0x75, 0x6f, 0x6b],
};

function setupStep(label: string, kind: 'new' | 'resume', requests: Request[]): ConnectStep {
  return {
    kind: 'connect',
    slot: 0,
    session: { kind, label },
    password: 'right',
    timeoutMs: SETUP_TIMEOUT_MS,
    zxidBack: 0,
    readOnly: false,
    cut: 0,
    requests,
  };
}

/** As the super user, since an earlier run may have locked what all runs share. */
function setupRequests(): Request[] {
  const request = (xid: number, opcode: number, fields: Field[]): Request => {
    return { xid, opcode, fields, cut: 0 };
  };
  const open = ['/', '/zookeeper', '/zookeeper/quota', '/zookeeper/config'].map((path, index) =>
    request(index + 2, OpCode.setACL, [
      { t: 'path', v: path },
      { t: 'acl', v: path === '/zookeeper/config' ? READ_ACL_UNSAFE : OPEN_ACL_UNSAFE },
      { t: 'int', v: -1 },
    ]),
  );
  return [
    request(1, OpCode.auth, [
      { t: 'int', v: 0 },
      { t: 'text', v: 'digest' },
      { t: 'data', v: SUPER_PASSWORD },
    ]),
    ...open,
    request(8, OpCode.create, [
      { t: 'path', v: '$' },
      { t: 'data', v: '' },
      { t: 'acl', v: OPEN_ACL_UNSAFE },
      { t: 'int', v: 0 },
    ]),
    CLOSE,
  ];
}

export class ServerRun {
  readonly #port: number;
  readonly #names: Names;
  readonly #links: (Link | null)[];
  /** Connections that a new one of the same slot has replaced. */
  readonly #old: (Link | null)[];

  private constructor(port: number, names: Names) {
    this.#port = port;
    this.#names = names;
    this.#links = Array.from({ length: SLOT_COUNT }, () => null);
    this.#old = Array.from({ length: SLOT_COUNT }, () => null);
  }

  /** Makes the subtree of the run and begins to count zxids behind it. */
  static async begin(port: number, root: string): Promise<ServerRun> {
    const names = new Names(root, 0);
    const setup = new ServerRun(port, names);
    const transcript = await setup.perform(setupStep('setup', 'new', setupRequests()));
    const created = transcript[0]?.some(
      (entry) => entry.kind === 'reply' && entry.opcode === OpCode.create && entry.err === 0,
    );
    if (created !== true) throw new Error(`Cannot make ${root} on the server at port ${port}`);
    return new ServerRun(port, new Names(root, names.lastZxid));
  }

  get lastZxid(): number {
    return this.#names.lastZxid;
  }

  async perform(step: Step): Promise<StepTranscript> {
    if (step.kind === 'connect') await this.#connect(step);
    else if (step.kind === 'batch') await this.#batch(step);
    else if (step.kind === 'drop') await this.#drop(step.slot);
    else await this.#fault(step.slot, step.fault);
    await this.#closingPings(step);
    return this.#take();
  }

  /** Closes all sessions that the run made and that may still live. */
  async end(): Promise<void> {
    for (let slot = 0; slot < SLOT_COUNT; slot++) await this.#drop(slot);
    const labels = this.#names.labels;
    for (const label of labels) {
      await this.perform(setupStep(label, 'resume', [CLOSE]));
    }
    for (let slot = 0; slot < SLOT_COUNT; slot++) await this.#drop(slot);
  }

  async #connect(step: ConnectStep): Promise<void> {
    const { slot } = step;
    const present = this.#links[slot] ?? null;
    // A connection of the same session is left for the server to close, unless the handshake ends
    // before the server looks at the session.
    const isReplaced = step.session.kind === 'resume' && present?.label === step.session.label;
    if (isReplaced && step.zxidBack >= 0 && step.cut === 0) this.#old[slot] = present;
    else await this.#drop(slot);
    const link = await Link.open(this.#port, this.#names, step.session.label);
    this.#links[slot] = link;
    const w = new JuteWriter(256);
    encodeConnect(w, step, this.#names);
    const pending = this.#encode(w, step.requests);
    link.send(w.toBytes(), pending);
    await link.settle();
  }

  async #batch(step: BatchStep): Promise<void> {
    const sent: Link[] = [];
    for (const { slot, requests } of step.parts) {
      const link = this.#links[slot] ?? null;
      if (link === null || link.closed) continue;
      const w = new JuteWriter(1024);
      const pending = this.#encode(w, requests);
      const bytes = w.toBytes();
      const size = Math.ceil(bytes.length / step.pieces);
      for (let piece = 0; piece < step.pieces; piece++) {
        const part = bytes.subarray(piece * size, (piece + 1) * size);
        link.send(part, piece === 0 ? pending : []);
        if (step.pieces > 1) await new Promise((resolve) => setTimeout(resolve, PIECE_DELAY_MS));
      }
      sent.push(link);
    }
    for (const link of sent) await link.settle();
  }

  async #drop(slot: number): Promise<void> {
    const link = this.#links[slot] ?? null;
    this.#links[slot] = null;
    await link?.destroy();
  }

  async #fault(slot: number, fault: FrameFault): Promise<void> {
    const link = this.#links[slot] ?? null;
    if (link === null || link.closed) return;
    link.send(Uint8Array.from(FAULT_BYTES[fault]), []);
    await link.waitForClose();
  }

  #encode(w: JuteWriter, requests: readonly Request[]): Pending[] {
    return requests.map((request, index) => {
      encodeRequest(w, request, this.#names);
      return { xid: request.xid, opcode: request.opcode, request: index };
    });
  }

  /** First on the connections that worked, then on the others: these see what those caused. */
  async #closingPings(step: Step): Promise<void> {
    const active = step.kind === 'batch' ? step.parts.map(({ slot }) => slot) : [step.slot];
    const others = this.#links.map((_, slot) => slot).filter((slot) => !active.includes(slot));
    await this.#ping(active);
    await this.#ping(others);
    for (const old of this.#old) await old?.waitForClose();
  }

  async #ping(slots: readonly number[]): Promise<void> {
    const links = slots.map((slot) => this.#links[slot] ?? null);
    for (const link of links) {
      if (link === null || link.closed || !link.accepted) continue;
      const w = new JuteWriter(32);
      encodeRequest(w, PING, this.#names);
      link.send(w.toBytes(), [{ xid: PING.xid, opcode: PING.opcode, request: -1 }]);
    }
    for (const link of links) {
      if (link === null) continue;
      if (link.accepted) await link.settle();
      else await link.waitForClose();
    }
  }

  #take(): StepTranscript {
    return this.#links.map((link, slot) => {
      const old = this.#old[slot] ?? null;
      const before: Entry[] = (old?.take() ?? []).map((entry) =>
        entry.kind === 'closed' ? { kind: 'old-closed', body: '' } : entry,
      );
      this.#old[slot] = null;
      const entries = [...before, ...(link?.take() ?? [])];
      if (link?.closed === true) this.#links[slot] = null;
      return entries;
    });
  }
}
