/** The disk of a member that is played by hand: completions come when the test says so. */

import assert from 'node:assert/strict';
import { zxidToHex } from '@zabra/protocol';
import { follows } from './committed-log.ts';
import type { Proposal, ZabStorage } from './zab-host.ts';

export class ScriptStorage implements ZabStorage {
  acceptedEpoch = 0;
  currentEpoch = 0;
  lastLoggedZxid = 0;
  syncedZxid = 0;
  readonly asked: string[] = [];
  #lastToken = 0;

  storeAcceptedEpoch(epoch: number): number {
    this.acceptedEpoch = epoch;
    return this.#ask(`acceptedEpoch ${epoch}`);
  }

  storeCurrentEpoch(epoch: number): number {
    this.currentEpoch = epoch;
    return this.#ask(`currentEpoch ${epoch}`);
  }

  syncBeforeLeading(): number {
    return this.#ask('sync');
  }

  append(zxid: number, buffer: Uint8Array, start: number, end: number): Proposal {
    assert.ok(follows(this.lastLoggedZxid, zxid), `appends ${zxid} to ${this.lastLoggedZxid}`);
    this.lastLoggedZxid = zxid;
    this.asked.push(`append ${zxidToHex(zxid)}`);
    return { zxid, buffer: buffer.slice(start, end), start: 0, end: end - start };
  }

  /** Token of the request asked for last. */
  get lastToken(): number {
    return this.#lastToken;
  }

  takeAsked(): string[] {
    return this.asked.splice(0);
  }

  #ask(what: string): number {
    this.#lastToken += 1;
    this.asked.push(what);
    return this.#lastToken;
  }
}
