/**
 * Where copying Apache's server would be unsafe or pointless: the recommendations of the protocol's
 * description (client-protocol.md, marked there), what we do instead, and the test that holds us to
 * it. `tidy.test.ts` checks that the tests exist and that docs/compatibility.md has the lines.
 */

export interface Recommendation {
  /** Section of client-protocol.md. */
  readonly section: string;
  /** What Apache's server does. */
  readonly theirs: string;
  readonly ours: string;
  /** File and name of a test. */
  readonly test: readonly [path: string, name: string];
}

const OPS = 'packages/server/src/ops';
const PEER = 'packages/server/src/peer';

export const RECOMMENDATIONS: readonly Recommendation[] = [
  {
    section: '1',
    theirs: 'writes characters beyond U+FFFF as two surrogates of three bytes each',
    ours: 'writes UTF-8',
    test: [`${OPS}/reads.test.ts`, 'getACL writes any character of an id as UTF-8'],
  },
  {
    section: '2.1',
    theirs: 'makes session ids from the time since the machine started',
    ours: 'makes them from the wall clock, so that they do not come again after a reboot',
    test: [
      `${PEER}/handshake.test.ts`,
      'gets an id with the time of day, which no restart of the machine sets back',
    ],
  },
  {
    section: '6',
    theirs: 'lets replies to auth overtake others',
    ours: 'keeps all replies of a connection in order',
    test: [
      `${PEER}/requests.test.ts`,
      'answers reads, pings, auth, syncs and refusals in their place behind slow writes',
    ],
  },
  {
    section: '7.2',
    theirs: 'echoes the null path of a sync',
    ours: 'refuses it with -5',
    test: [
      `${PEER}/reply-forms.test.ts`,
      'trap 54: sync asks nothing of its path, but that there is one',
    ],
  },
  {
    section: '7.6',
    theirs: 'gives pipelined sequential creates negative numbers past 2147483647',
    ours: 'refuses them with -110',
    test: [
      `${OPS}/create.test.ts`,
      'trap 25: at the end of the counter the suffix sticks and pzxid stands still',
    ],
  },
  {
    section: '8.1',
    theirs: 'ends its process at a createTTL without TTL flags and with a negative ttl',
    ours: 'refuses every createTTL without TTL flags with -8',
    test: [
      `${OPS}/create.test.ts`,
      'trap 28: createTTL without TTL flags and with a negative ttl is not logged',
    ],
  },
  {
    section: '8.6',
    theirs: 'lets clients delete any empty znode by deleteContainer',
    ours: 'refuses them with -6; its own sweep deletes containers and TTL znodes only',
    test: [
      `${OPS}/delete.test.ts`,
      'deleteContainer takes away empty containers and TTL znodes, and nothing else',
    ],
  },
  {
    section: '14',
    theirs: 'stops at the next write below a quota whose usage is no text of a quota',
    ours: 'counts on from zeros',
    test: [
      `${OPS}/quota.test.ts`,
      'usage that makes no sense counts as zeros, missing usage is nobody to tell',
    ],
  },
  {
    section: '16',
    theirs: 'answers a new session that it cannot give in read-only mode by a bare ReplyHeader',
    ours: 'closes the connection',
    test: [
      `${PEER}/read-only-service.test.ts`,
      'knows a session that nobody has told it of by its word where there are no local ones',
    ],
  },
  {
    section: '18',
    theirs: "keeps the server's watch when one watcher of a client is removed",
    ours: 'asks the server to remove it with the last watcher of its path and type',
    test: [
      'packages/client/src/session/session-watches.test.ts',
      'RemoveWatchesRequest asks the server only for the last watcher of its path and type',
    ],
  },
  {
    section: '21, trap 29 and 30',
    theirs: 'takes deleteContainer and createSession from clients',
    ours: 'knows neither as a request',
    test: [
      `${PEER}/requests.test.ts`,
      'trap 30: createSession behind the handshake gets no second ConnectResponse',
    ],
  },
  {
    section: '21, trap 33',
    theirs: 'keeps two pending records of the root, so that a create may miss a setACL before it',
    ours: 'keeps one',
    test: [
      `${OPS}/replicated-state.test.ts`,
      'trap 33: a write is judged by what is on its way, whoever sent it',
    ],
  },
];

/** As docs/compatibility.md has them. */
export function recommendationRows(): string {
  const rows = RECOMMENDATIONS.map(({ section, theirs, ours }) => {
    return `| ${section} | ${theirs} | ${ours} |`;
  });
  return ['| section | Apache | Zabra |', '| --- | --- | --- |', ...rows].join('\n');
}
