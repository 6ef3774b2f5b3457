/**
 * Rules that keep clients apart from each other and from the server's memory, and how to break
 * them: each is one place in the compiled code and what stands there instead. A fuzz run that does
 * not notice has gone blind.
 */

export interface Mutation {
  /** The rule, as a sentence that the mutation makes false. */
  readonly rule: string;
  /** Below `packages`. */
  readonly file: string;
  /** Stands there exactly once. */
  readonly find: string;
  readonly replace: string;
  /** The kind of server whose fuzzing must notice. */
  readonly server: string;
  /** What it must say. */
  readonly says: RegExp;
}

export const MUTATIONS: readonly Mutation[] = [
  {
    rule: 'No frame is longer than jute.maxbuffer',
    file: 'protocol/dist/wire/frame-reader.js',
    find: 'if (length >= 0 && length <= this.frameBytesMax)',
    replace: 'if (length >= 0)',
    server: 'small',
    says: /goes on with what is no frame|makes the server hold/,
  },
  {
    rule: 'No field reaches beyond its frame',
    file: 'protocol/dist/wire/jute-reader.js',
    find: 'if (length < -1 || length > this.bytesMax || length > this.end - this.position)',
    replace: 'if (length < -1 || length > this.bytesMax)',
    server: 'small',
    says: /cannot be decoded is answered/,
  },
  {
    rule: 'What waits for one connection is bounded',
    file: 'server/dist/peer/admission.js',
    find: 'queuedBytes > this.#queuedBytesMax',
    replace: 'queuedBytes < 0',
    server: 'small',
    says: /makes the server hold/,
  },
  {
    rule: 'A session is taken over by its password',
    file: 'server/dist/peer/handshake.js',
    find: 'if (!bytesEqual(given, 0, given.length, wanted, 0, wanted.length))',
    replace: 'if (given.length < 0)',
    server: 'small',
    says: /opened with a wrong password/,
  },
  {
    rule: 'A read waits for the earlier writes of its session',
    file: 'server/dist/peer/requests.js',
    find: 'else if (connection.queue.length > 0)',
    replace: 'else if (connection.queue.length < 0)',
    server: 'small',
    says: /A reply has xid|hears xid/,
  },
  {
    rule: 'The watches of a connection go with it',
    file: 'server/dist/peer/client-port.js',
    find: 'this.host.state.removeWatcher(connection);',
    replace: ';',
    server: 'small',
    says: /When all is over there are/,
  },
];
