/**
 * WordWriter: how the answers to four-letter words leave. A text is written at once, pieces turn by
 * turn, no more than the network takes, so that a list of a million watches neither holds up the
 * server nor waits in its memory. The connection ends behind its answer.
 */

import { utf8Encode } from '@zabra/protocol';
import type { ClientConnection } from './client-connection.ts';
import type { Ready } from './ready.ts';

export type WordAnswer = string | Iterator<string, void, void>;

/** Of one answer in one turn; a piece is some microseconds of work. */
const PIECES_PER_TURN = 2000;
/** Written together, characters. */
const CHUNK_LENGTH = 16_384;
/** Output of one connection above which its answer waits for the network, bytes. */
const OUTPUT_HIGH_BYTES = 1 << 18;

export class WordWriter {
  readonly #ready: Ready;
  readonly #unfinished: Map<ClientConnection, Iterator<string, void, void>>;

  constructor(ready: Ready) {
    this.#ready = ready;
    this.#unfinished = new Map();
  }

  answer(connection: ClientConnection, answer: WordAnswer): void {
    if (typeof answer === 'string') {
      write(connection, answer);
      if (answer !== '') connection.onSent();
      connection.closeGracefully();
      return;
    }
    connection.state = 'closing';
    connection.reader.pause();
    this.#unfinished.set(connection, answer);
    this.#ready.wantsTurn = true;
  }

  /** Once a turn. */
  tick(): void {
    for (const [connection, pieces] of this.#unfinished) this.#goOn(connection, pieces);
  }

  onClosed(connection: ClientConnection): void {
    this.#unfinished.delete(connection);
  }

  #goOn(connection: ClientConnection, pieces: Iterator<string, void, void>): void {
    if (connection.destroy || connection.closeAfterFlush) {
      this.#unfinished.delete(connection);
      return;
    }
    let text = '';
    for (let count = 0; count < PIECES_PER_TURN; count++) {
      if (connection.bytes.position + connection.unsentBytes > OUTPUT_HIGH_BYTES) {
        write(connection, text);
        this.#ready.touch(connection);
        // What was written before this turn brings a turn when it has left.
        if (connection.bytes.position > 0) this.#ready.wantsTurn = true;
        return;
      }
      const { done, value } = pieces.next();
      if (done === true) {
        this.#unfinished.delete(connection);
        write(connection, text);
        connection.onSent();
        connection.closeGracefully();
        return;
      }
      text += value;
      if (text.length < CHUNK_LENGTH) continue;
      write(connection, text);
      text = '';
    }
    write(connection, text);
    this.#ready.touch(connection);
    this.#ready.wantsTurn = true;
  }
}

function write(connection: ClientConnection, text: string): void {
  const bytes = utf8Encode(text);
  connection.bytes.raw(bytes, 0, bytes.length);
}
