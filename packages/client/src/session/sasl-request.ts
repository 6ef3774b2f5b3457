/**
 * SaslRequest: one token of the client's SASL exchange on its way to the server. The machine sends
 * it before anything else on a new connection, and nobody but the machine hears of its reply. From
 * client-protocol.md 13.6 (ZooKeeper's `ZooKeeperSaslClient`).
 */

import {
  type DigestExchange,
  ErrorCode,
  errorName,
  type JuteReader,
  type JuteWriter,
  OpCode,
} from '@zabra/protocol';
import { Request } from './request.ts';

const NO_TOKEN = new Uint8Array(0);

export class SaslRequest extends Request<Uint8Array> {
  readonly #exchange: DigestExchange;
  readonly #token: Uint8Array;

  constructor(exchange: DigestExchange, token: Uint8Array = NO_TOKEN) {
    super(OpCode.sasl, '', null, true);
    this.#exchange = exchange;
    this.#token = token;
  }

  writeBody(w: JuteWriter): void {
    w.bytes(this.#token);
  }

  readBody(r: JuteReader): Uint8Array | null {
    return r.bytes();
  }

  /**
   * The request that the answer to this one calls for, given the code of the reply. Null at the end
   * of the exchange: `fault` tells whether it came to a good one.
   */
  next(code: number): SaslRequest | null {
    if (code !== ErrorCode.OK) {
      this.fault = `the server refused the SASL login (${errorName(code)})`;
      return null;
    }
    const step = this.#exchange.onToken(this.reply);
    if (step.kind === 'fault') this.fault = step.reason;
    return step.kind === 'answer' ? new SaslRequest(this.#exchange, step.token) : null;
  }
}
