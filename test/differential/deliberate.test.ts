/**
 * What we answer on purpose where Apache's server answers otherwise, dies, or leaves it to luck:
 * the barred inputs of the differential test, sent to our server alone, each under its name in
 * `docs/compatibility.md`.
 */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { OPEN_ACL_UNSAFE, OpCode } from '@zabra/protocol';
import { TestEnsemble } from '../process/ensemble.ts';
import { BARRED } from './barred.ts';
import { LAST } from './batch-rules.ts';
import { DIFFERENCES } from './differences.ts';
import { QUOTA_LIMITS, QUOTA_ROOT, QUOTA_STATS } from './paths.ts';
import type { AclEntry, ConnectStep, Field, Request } from './program.ts';
import { CONFIGURATION } from './server-pair.ts';
import { ServerRun } from './server-run.ts';
import { renderEntry } from './transcript.ts';

const READ_ONLY: readonly AclEntry[] = [{ perms: 1, scheme: 'world', id: 'anyone' }];

const path = (v: string | null): Field => ({ t: 'path', v });
const int = (v: number): Field => ({ t: 'int', v });
const bool = (v: boolean): Field => ({ t: 'bool', v });
const data = (v: string | null): Field => ({ t: 'data', v });
const acl = (v: readonly AclEntry[]): Field => ({ t: 'acl', v });

type Call = readonly [opcode: number, ...fields: Field[]];

function create(at: string, flags = 0, opcode: number = OpCode.create): Call {
  return [opcode, path(at), data('x'), acl(OPEN_ACL_UNSAFE), int(flags)];
}

function quota(at: string, text: string): Call {
  return [OpCode.create, path(at), data(text), acl(OPEN_ACL_UNSAFE), int(0)];
}

const MULTI_END: readonly Field[] = [int(-1), bool(true), int(-1)];
const inMulti = ([opcode, ...fields]: Call): Field[] => [
  int(opcode),
  bool(false),
  int(-1),
  ...fields,
];

interface Row {
  readonly name: string;
  readonly calls: readonly Call[];
  /** What must be seen in the end, a pattern a line. */
  readonly seen: readonly RegExp[];
}

const ROWS: readonly Row[] = [
  {
    name: 'delete-container',
    calls: [[OpCode.deleteContainer, path('$/c')]],
    seen: [/^#0 deleteContainer xid 1 zxid -1 err -6$/, /^closed$/],
  },
  {
    name: 'create-session-operation',
    calls: [[OpCode.createSession, int(10_000)]],
    seen: [/^#0 createSession xid 1 zxid -1 err -6$/, /^closed$/],
  },
  {
    name: 'sync-without-path',
    calls: [[OpCode.sync, path(null)]],
    seen: [/^#0 sync .* err -5$/],
  },
  {
    name: 'watch-without-path',
    calls: [[OpCode.addWatch, path(null), int(0)]],
    seen: [/^#0 addWatch .* err -5$/],
  },
  {
    name: 'ttl-without-ttl-flags',
    calls: [
      [OpCode.createTTL, path('$/t'), data(''), acl(OPEN_ACL_UNSAFE), int(0), { t: 'long', v: -1 }],
    ],
    seen: [/^#0 createTTL .* err -8$/],
  },
  {
    name: 'null-acl-scheme-behind-another',
    calls: [
      [
        OpCode.create,
        path('$/n'),
        data(''),
        acl([...OPEN_ACL_UNSAFE, { perms: 31, scheme: null, id: null }]),
        int(0),
      ],
    ],
    seen: [/^#0 create .* err -114$/],
  },
  {
    name: 'ephemeral-container-in-multi',
    calls: [
      [
        OpCode.multi,
        ...inMulti(create('$/m', 1, OpCode.createContainer)),
        ...inMulti(create('$/m/child')),
        ...MULTI_END,
      ],
    ],
    seen: [/^#0 multi .* err 0: \[create2 0 "\$\/m" .*, create 0 "\$\/m\/child"\]/],
  },
  {
    name: 'writes-behind-ephemeral-container',
    calls: [create('$/w', 1, OpCode.createContainer), create('$/w/child')],
    seen: [/^#0 createContainer .* err 0/, /^#1 create .* err 0/],
  },
  {
    name: 'supplementary-characters',
    calls: [[OpCode.sync, path('$/\u{1f600}')]],
    seen: [/^#0 sync .* err 0: "\$\/\u{1f600}"$/u],
  },
  {
    name: 'malformed-quota-usage',
    calls: [
      create(QUOTA_ROOT),
      create('/zookeeper/quota$'),
      create(`/zookeeper/quota${QUOTA_ROOT}`),
      quota(QUOTA_LIMITS, 'count=9,bytes=9'),
      quota(QUOTA_STATS, 'count=0,bytes=0'),
      [OpCode.setData, path(QUOTA_STATS), data('nonsense'), int(-1)],
      create(`${QUOTA_ROOT}/child`),
      [OpCode.getData, path(QUOTA_STATS), bool(false)],
    ],
    seen: [/#6 create .* err 0/, /#7 getData .* err 0: "count=1,bytes=1"/],
  },
  {
    name: 'auth-reply-overtakes',
    calls: [create('$/f'), [OpCode.auth, int(0), { t: 'text', v: 'digest' }, data('a:b')]],
    seen: [/^#0 create/, /^#1 auth .* zxid 0 err 0$/],
  },
  {
    name: 'partial-multi-read',
    calls: [
      [
        OpCode.multiRead,
        ...inMulti([OpCode.getData, path('$'), bool(false)]),
        ...inMulti([OpCode.delete, path('$'), int(-1)]),
        ...MULTI_END,
      ],
    ],
    seen: [/^#0 multiRead .* err -5$/],
  },
  {
    name: 'writes-behind-set-acl',
    calls: [
      create('$/s'),
      [OpCode.setACL, path('$/s'), acl(READ_ONLY), int(-1)],
      create('$/s/child'),
    ],
    seen: [/^#1 setACL .* err 0/, /^#2 create .* err -102$/],
  },
  {
    name: 'replies-behind-close-session',
    calls: [[OpCode.closeSession], [OpCode.exists, path('$'), bool(false)]],
    seen: [/^#0 closeSession .* err 0$/, /^closed$/],
  },
];

const NAMED: readonly { readonly name: string }[] = [...BARRED, ...LAST, ...DIFFERENCES];

function stepOf(calls: readonly Call[]): ConnectStep {
  const requests = calls.map(([opcode, ...fields], index): Request => {
    return { xid: index + 1, opcode, fields, cut: 0 };
  });
  return {
    kind: 'connect',
    slot: 0,
    session: { kind: 'new', label: 's1' },
    password: 'right',
    timeoutMs: 10_000,
    zxidBack: 0,
    readOnly: false,
    cut: 0,
    requests,
  };
}

describe('our server answers on purpose', { concurrency: 1 }, () => {
  let ensemble: TestEnsemble;
  before(async () => {
    ensemble = await TestEnsemble.create({ kinds: ['zabra'], extra: CONFIGURATION });
    await ensemble.start();
  });
  after(() => ensemble.end());

  ROWS.forEach(({ name, calls, seen }, index) => {
    it(name, async () => {
      assert.ok(NAMED.some((named) => named.name === name));
      const port = ensemble.servers[0]?.clientPort ?? 0;
      const run = await ServerRun.begin(port, `/deliberate-${index}-`);
      const [entries = []] = await run.perform(stepOf(calls));
      await run.end();
      const lines = entries.map(renderEntry);
      let from = 0;
      for (const pattern of seen) {
        const at = lines.findIndex((line, place) => place >= from && pattern.test(line));
        assert.ok(at >= 0, `${pattern} is not in\n${lines.join('\n')}`);
        from = at + 1;
      }
      // Nothing follows the end of a connection.
      assert.ok(!lines.slice(0, -1).includes('closed'));
    });
  });
});
