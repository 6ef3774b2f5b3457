/**
 * AuthExchange: one side of the SASL exchange on a fresh connection between servers
 * (quorum-protocol.md 16; ZooKeeper's `SaslQuorumAuthServer` and `SaslQuorumAuthLearner`): packets
 * in and out, and what it came to. Whose connection it is, and how long it may take, is the affair
 * of the gate.
 */

import {
  type DigestExchange,
  type JuteReader,
  QUORUM_AUTH_FIRST_BYTE,
  QuorumAuthStatus,
  readQuorumAuthPacket,
} from '@zabra/protocol';
import type { DigestMd5 } from '../ops/digest-md5.ts';

/** `more`: bytes are missing; `passed`: what follows is not ours; else why it may not go on. */
export type Verdict = 'more' | 'passed' | { readonly refusal: string };

export type SayAuth = (status: number, token: Uint8Array) => void;

export interface AuthExchange {
  /** Takes whole packets from the cursor on. Not called again once it came to something. */
  step(r: JuteReader): Verdict;
}

const NO_TOKEN = new Uint8Array(0);

/** On a connection that came in: it is to prove itself. */
export class AcceptedExchange implements AuthExchange {
  readonly #digest: DigestMd5;
  readonly #isRequired: boolean;
  readonly #say: SayAuth;

  /** `isRequired`: nobody is let in who does not even try. */
  constructor(digest: DigestMd5, isRequired: boolean, say: SayAuth) {
    this.#digest = digest;
    this.#isRequired = isRequired;
    this.#say = say;
  }

  /** Empty for whoever did not have to say. */
  get userName(): string {
    return this.#digest.userName;
  }

  step(r: JuteReader): Verdict {
    while (r.remaining() > 0) {
      if (r.buffer[r.position] !== QUORUM_AUTH_FIRST_BYTE) return this.#onOther();
      const packet = readQuorumAuthPacket(r);
      if (packet === 'incomplete') return 'more';
      if (packet === 'malformed') return this.#refuse('it sent a malformed SASL packet');
      if (packet.status === QuorumAuthStatus.ERROR) return { refusal: 'it gave SASL up' };
      const answer = this.#digest.answer(packet.token);
      if (answer === null) return this.#refuse('its user or its password is wrong');
      const { isDone } = this.#digest;
      this.#say(isDone ? QuorumAuthStatus.SUCCESS : QuorumAuthStatus.IN_PROGRESS, answer);
      if (isDone) return 'passed';
    }
    return 'more';
  }

  /** Bytes of the protocol itself. */
  #onOther(): Verdict {
    return this.#isRequired ? { refusal: 'it does not authenticate' } : 'passed';
  }

  #refuse(refusal: string): Verdict {
    this.#say(QuorumAuthStatus.ERROR, NO_TOKEN);
    return { refusal };
  }
}

/** On a connection that we dialed: we prove ourselves, and so does the other side in turn. */
export class DialedExchange implements AuthExchange {
  readonly #digest: DigestExchange;
  readonly #say: SayAuth;

  /** Says the first word at once. */
  constructor(digest: DigestExchange, say: SayAuth) {
    this.#digest = digest;
    this.#say = say;
    say(QuorumAuthStatus.IN_PROGRESS, NO_TOKEN);
  }

  step(r: JuteReader): Verdict {
    while (r.remaining() > 0) {
      const packet = readQuorumAuthPacket(r);
      if (packet === 'incomplete') return 'more';
      if (packet === 'malformed') return { refusal: 'it does not speak SASL' };
      const { status, token } = packet;
      const isLast = status === QuorumAuthStatus.SUCCESS;
      if (!isLast && status !== QuorumAuthStatus.IN_PROGRESS) {
        return { refusal: 'it does not accept our user or our password' };
      }
      const step = this.#digest.onToken(token);
      if (step.kind === 'fault') return { refusal: step.reason };
      if (isLast !== (step.kind === 'done')) return { refusal: 'it ended SASL out of turn' };
      if (step.kind === 'done') return 'passed';
      this.#say(QuorumAuthStatus.IN_PROGRESS, step.token);
    }
    return 'more';
  }
}
