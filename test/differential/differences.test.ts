/** What the comparer forgives, and that it forgives nothing beside it. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OpCode } from '@zabra/protocol';
import { compareStep } from './comparison.ts';
import { HiddenPaths } from './hidden-paths.ts';
import type { PeerVersion } from './peer-version.ts';
import type { AclEntry, Field, Request, Step } from './program.ts';
import type { Entry } from './transcript.ts';

function reply(request: number, opcode: number, err = 0, body = '', zxid = '+5'): Entry {
  return { kind: 'reply', request, opcode, xid: request + 1, zxid, err, body };
}

function event(type: number, path: string, zxid = '+5'): Entry {
  return { kind: 'event', zxid, err: 0, body: `type ${type} state 3 ${JSON.stringify(path)}` };
}

function asked(opcode: number, path = '$/a', acl: readonly AclEntry[] = []): Request {
  const fields: Field[] = [
    { t: 'path', v: path },
    { t: 'acl', v: acl },
  ];
  return { xid: 1, opcode, fields, cut: 0 };
}

function batch(...requests: Request[]): Step {
  return { kind: 'batch', parts: [{ slot: 0, requests }], pieces: 1 };
}

const READ = batch(asked(OpCode.getData));
const CLOSE = batch(asked(OpCode.closeSession));
const EXISTS = batch(asked(OpCode.exists, '$/hidden'));
/** Nobody but one host may read it. */
const HIDE = batch(asked(OpCode.setACL, '$/hidden', [{ perms: 31, scheme: 'ip', id: '1.2.3.4' }]));

interface Row {
  readonly name: string;
  readonly step: Step;
  readonly real: readonly Entry[];
  readonly ours: readonly Entry[];
  /** Versions for which they count as equal. */
  readonly equalFor: readonly PeerVersion[];
}

const BOTH: readonly PeerVersion[] = ['3.9.5', '3.8.0'];
const AUTH = reply(1, OpCode.auth, 0, '', '0');
const CLOSED: Entry = { kind: 'closed', body: '' };
const GET = reply(0, OpCode.getData, 0, '"x"');

const ROWS: readonly Row[] = [
  { name: 'the same', step: READ, real: [GET, AUTH], ours: [GET, AUTH], equalFor: BOTH },
  { name: 'nothing', step: READ, real: [], ours: [], equalFor: BOTH },
  {
    name: 'one reply more',
    step: READ,
    real: [GET],
    ours: [GET, reply(1, OpCode.exists)],
    equalFor: [],
  },
  {
    name: 'a ping before the end',
    step: READ,
    real: [GET, reply(-1, OpCode.ping), CLOSED],
    ours: [GET, CLOSED],
    equalFor: BOTH,
  },
  {
    name: 'a ping and no end',
    step: READ,
    real: [GET, reply(-1, OpCode.ping)],
    ours: [GET, CLOSED],
    equalFor: [],
  },
  { name: 'one reply less', step: READ, real: [GET, event(1, '$/a')], ours: [GET], equalFor: [] },
  {
    name: 'another zxid',
    step: READ,
    real: [GET],
    ours: [{ ...GET, zxid: '+6' } as Entry],
    equalFor: [],
  },
  {
    name: 'another code',
    step: READ,
    real: [reply(0, OpCode.getData, -101)],
    ours: [reply(0, OpCode.getData, -102)],
    equalFor: [],
  },
  {
    name: 'another body',
    step: READ,
    real: [GET],
    ours: [reply(0, OpCode.getData, 0, '"y"')],
    equalFor: [],
  },
  {
    name: 'another order of event and reply',
    step: READ,
    real: [event(3, '$/a'), GET],
    ours: [GET, event(3, '$/a')],
    equalFor: [],
  },
  {
    name: 'auth-reply-overtakes',
    step: READ,
    real: [AUTH, GET],
    ours: [GET, AUTH],
    equalFor: BOTH,
  },
  {
    name: 'an auth that is refused once',
    step: READ,
    real: [reply(1, OpCode.auth, -115, '', '0'), GET],
    ours: [GET, AUTH],
    equalFor: [],
  },
  {
    name: 'events-of-close-session',
    step: CLOSE,
    real: [event(2, '$/b'), event(4, '$'), event(2, '$/a')],
    ours: [event(2, '$/a'), event(4, '$'), event(2, '$/b')],
    equalFor: BOTH,
  },
  {
    name: 'events in another order without a closeSession',
    step: READ,
    real: [event(2, '$/b'), event(2, '$/a')],
    ours: [event(2, '$/a'), event(2, '$/b')],
    equalFor: [],
  },
  {
    name: 'one event twice at the end of a session',
    step: CLOSE,
    real: [event(2, '$/a'), event(2, '$/b')],
    ours: [event(2, '$/a'), event(2, '$/a')],
    equalFor: [],
  },
  {
    name: 'replies-behind-close-session',
    step: CLOSE,
    real: [reply(0, OpCode.closeSession), reply(1, OpCode.getData, -112)],
    ours: [reply(0, OpCode.closeSession)],
    equalFor: BOTH,
  },
  {
    name: 'an expired session out of the blue',
    step: READ,
    real: [reply(0, OpCode.getData, -112)],
    ours: [],
    equalFor: [],
  },
  {
    name: 'partial-multi-read',
    step: READ,
    real: [reply(0, OpCode.multiRead, -5, ' and ffffffff01ffffffff')],
    ours: [reply(0, OpCode.multiRead, -5)],
    equalFor: BOTH,
  },
  {
    name: 'order-of-expanded-auth',
    step: READ,
    real: [reply(0, OpCode.getACL, 0, 'acl 2 [31 "digest" "b:x", 31 "digest" "a:x"] {}')],
    ours: [reply(0, OpCode.getACL, 0, 'acl 2 [31 "digest" "a:x", 31 "digest" "b:x"] {}')],
    equalFor: BOTH,
  },
  {
    name: 'another order of entries that no expansion made',
    step: READ,
    real: [reply(0, OpCode.getACL, 0, 'acl 2 [31 "ip" "b", 31 "ip" "a"] {}')],
    ours: [reply(0, OpCode.getACL, 0, 'acl 2 [31 "ip" "a", 31 "ip" "b"] {}')],
    equalFor: [],
  },
  {
    name: 'zxid-of-events',
    step: READ,
    real: [event(3, '$/a', '-1')],
    ours: [event(3, '$/a', '+5')],
    equalFor: ['3.8.0'],
  },
  {
    name: 'zxid-of-events at the end of a session',
    step: CLOSE,
    real: [event(3, '$/b', '-1'), event(2, '$/a', '-1')],
    ours: [event(3, '$/b', '+5'), event(2, '$/a', '+6')],
    equalFor: ['3.8.0'],
  },
  {
    name: 'replies-behind-close-session of what is hidden',
    step: batch(asked(OpCode.closeSession), asked(OpCode.exists, '$/hidden')),
    real: [reply(0, OpCode.closeSession), reply(1, OpCode.exists, -112)],
    ours: [reply(0, OpCode.closeSession)],
    equalFor: BOTH,
  },
  {
    name: 'events-without-read',
    step: READ,
    real: [event(3, '$/hidden'), event(3, '$/a')],
    ours: [event(3, '$/a')],
    equalFor: ['3.8.0'],
  },
  {
    name: 'an event more of a znode that everybody may read',
    step: READ,
    real: [event(3, '$/b'), event(3, '$/a')],
    ours: [event(3, '$/a')],
    equalFor: [],
  },
  {
    name: 'exists-without-read',
    step: EXISTS,
    real: [reply(0, OpCode.exists, 0, '{}')],
    ours: [reply(0, OpCode.exists, -102)],
    equalFor: ['3.8.0'],
  },
  {
    name: 'exists of a znode that everybody may read',
    step: READ,
    real: [reply(0, OpCode.exists, 0, '{}')],
    ours: [reply(0, OpCode.exists, -102)],
    equalFor: [],
  },
];

describe('the comparer', () => {
  for (const { name, step, real, ours, equalFor } of ROWS) {
    it(`${equalFor.length === 0 ? 'does not forgive' : 'knows'}: ${name}`, () => {
      const hidden = new HiddenPaths();
      hidden.learn(HIDE);
      for (const version of BOTH) {
        const mismatch = compareStep({ step, real: [real], ours: [ours] }, hidden, version);
        assert.equal(mismatch === null, equalFor.includes(version), version);
      }
    });
  }

  it('tells where it looked and what it saw', () => {
    const done = { step: READ, real: [[], [GET]], ours: [[], []] };
    assert.deepEqual(compareStep(done, new HiddenPaths(), '3.9.5'), {
      slot: 1,
      real: '#0 getData xid 1 zxid +5 err 0: "x"',
      ours: '',
    });
  });
});
