/**
 * SessionInput: bytes from a server to the answers that they are: the connect response first, then
 * replies, events, and answers to authentications. It knows which kind of frame is which and what
 * is malformed; what follows from an answer is the machine's affair. From client-protocol.md 2, 18.
 */

import {
  type ConnectResponse,
  ErrorCode,
  errorName,
  FrameReader,
  JuteReader,
  readConnectResponse,
  Xid,
} from '@zabra/protocol';

export interface SessionAnswers {
  onConnectResponse(response: ConnectResponse): void;
  /** The body of an event lies before the reader. */
  onEvent(r: JuteReader, zxid: number): void;
  onAuthReply(code: number): void;
  /** The body, if there is one, lies before the reader. */
  onReply(r: JuteReader, xid: number, zxid: number, code: number): void;
  /** The connection cannot be read on; `reason` says in words why. */
  onFault(reason: string): void;
}

export class SessionInput {
  readonly #answers: SessionAnswers;
  readonly #replyBytesMax: number;
  readonly #reader: JuteReader;
  #frames: FrameReader;
  #isOpen: boolean;
  #hasConnectResponse: boolean;

  constructor(replyBytesMax: number, answers: SessionAnswers) {
    this.#answers = answers;
    this.#replyBytesMax = replyBytesMax;
    this.#reader = new JuteReader(replyBytesMax);
    this.#frames = this.#makeFrames();
    this.#isOpen = false;
    this.#hasConnectResponse = false;
  }

  /** A new connection: nothing of the one before is left. */
  open(): void {
    this.#frames = this.#makeFrames();
    this.#isOpen = true;
    this.#hasConnectResponse = false;
  }

  /** What the connection has sent beyond this point is not looked at. */
  close(): void {
    this.#isOpen = false;
  }

  /** Whatever is needed of buffer[start, end) is copied before it returns. */
  push(buffer: Uint8Array, start: number, end: number): void {
    if (this.#isOpen) this.#frames.push(buffer, start, end);
  }

  #makeFrames(): FrameReader {
    return new FrameReader(this.#replyBytesMax, {
      onFrame: (buffer, start, end) => {
        this.#onFrame(buffer, start, end);
        return this.#isOpen;
      },
      onFrameError: (fault, length) =>
        this.#answers.onFault(`the server sent a frame of ${length} bytes (${fault})`),
    });
  }

  #onFrame(buffer: Uint8Array, start: number, end: number): void {
    const r = this.#reader.reset(buffer, start, end);
    if (this.#hasConnectResponse) return this.#onAnswer(r);
    this.#hasConnectResponse = true;
    const response = readConnectResponse(r);
    if (r.failed) this.#answers.onFault(refusalOf(r.reset(buffer, start, end)));
    else this.#answers.onConnectResponse(response);
  }

  #onAnswer(r: JuteReader): void {
    const xid = r.int();
    const zxid = r.zxid();
    const code = r.int();
    if (r.failed) {
      return this.#answers.onFault('the server sent a frame shorter than a reply header');
    }
    switch (xid) {
      case Xid.NOTIFICATION:
        return this.#answers.onEvent(r, zxid);
      case Xid.PING:
        return;
      case Xid.AUTH:
        return this.#answers.onAuthReply(code);
      default:
        return this.#answers.onReply(r, xid, zxid, code);
    }
  }
}

/**
 * A frame where a connect response was wanted. A read-only server of Apache's that may not create
 * sessions answers with the header of a reply.
 */
function refusalOf(r: JuteReader): string {
  r.int();
  r.zxid();
  const code = r.int();
  return r.failed || r.remaining() > 0 || code === ErrorCode.OK
    ? 'the server sent a malformed connect response'
    : `the server refused the session: ${errorName(code)}`;
}
