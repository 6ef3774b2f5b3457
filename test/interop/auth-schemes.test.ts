/**
 * The schemes `ensemble` and `digest` with another hash, on the wire: a server of Apache and one of
 * ours, each alone and with the same `zoo.cfg`, get the same frames and must answer the same.
 */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import {
  errorName,
  JuteReader,
  JuteWriter,
  OpCode,
  OPEN_ACL_UNSAFE,
  type Acl,
  readAclVector,
  readWhoAmIResponse,
  utf8Encode,
  writeAuthPacket,
  writeCreateRequest,
  writePathRequest,
  writePathWatchRequest,
} from '@zabra/protocol';
import { TestEnsemble } from '../process/ensemble.ts';
import { RawClient } from '../process/raw-client.ts';
import type { ServerKind } from '../process/server-process.ts';

const PROVIDERS = 'org.apache.zookeeper.server.auth';
const KINDS: readonly ServerKind[] = ['apache-3.9.5', 'zabra'];
/** Header of a reply: xid, zxid, err. */
const HEADER_BYTES = 16;

type Call = readonly [opcode: number, write: (w: JuteWriter) => void];

function auth(scheme: string | null, data: string | null): Call {
  const packet = { type: 0, scheme, auth: data === null ? null : utf8Encode(data) };
  return [OpCode.auth, (w) => writeAuthPacket(w, packet)];
}

function create(path: string, acl: readonly Acl[] = OPEN_ACL_UNSAFE): Call {
  return [OpCode.create, (w) => writeCreateRequest(w, { path, data: null, acl, flags: 0 })];
}

const getAcl = (path: string): Call => [OpCode.getACL, (w) => writePathRequest(w, { path })];
const getData = (path: string): Call => {
  return [OpCode.getData, (w) => writePathWatchRequest(w, { path, watch: false })];
};
const WHO_AM_I: Call = [OpCode.whoAmI, () => undefined];

/** A reply as text: its code, and what it says of identities, which come in no order. */
function shown(frame: Buffer, opcode: number): string {
  const err = errorName(frame.readInt32BE(HEADER_BYTES - 4));
  const r = new JuteReader().reset(frame, HEADER_BYTES, frame.length);
  const ids = opcode === OpCode.getACL ? (readAclVector(r) ?? []) : identitiesOf(r, opcode);
  return [err, ...ids.map((id) => JSON.stringify(id)).toSorted()].join(' ');
}

function identitiesOf(r: JuteReader, opcode: number): readonly unknown[] {
  return opcode === OpCode.whoAmI ? readWhoAmIResponse(r).clientInfo : [];
}

/** One call after another on one connection; the last word is whether the server closed it. */
async function ask(port: number, calls: readonly Call[]): Promise<string[]> {
  const client = await RawClient.withSession(port);
  const heard: string[] = [];
  for (const [index, [opcode, write]] of calls.entries()) {
    const w = new JuteWriter(64);
    write(w);
    client.request(opcode === OpCode.auth ? -4 : index + 1, opcode, w.toBytes());
    const frame = await client.frame();
    heard.push(frame === null ? 'closed' : shown(frame, opcode));
    if (frame === null) break;
  }
  client.close();
  return heard;
}

/** What each kind of server answers, Apache's first. */
function compareWith(lines: readonly string[], rows: readonly Row[]): void {
  const ensembles: TestEnsemble[] = [];
  before(async () => {
    for (const kind of KINDS) {
      ensembles.push(await TestEnsemble.create({ kinds: [kind], extra: lines }));
    }
    await Promise.all(ensembles.map((ensemble) => ensemble.start()));
  });
  after(() => Promise.all(ensembles.map((ensemble) => ensemble.end())));

  for (const { name, calls, expected } of rows) {
    it(name, async () => {
      const heard: string[][] = [];
      for (const { servers } of ensembles) {
        heard.push(await ask(servers[0]?.clientPort ?? 0, calls));
      }
      assert.deepEqual(heard[1], heard[0], 'ours is not what Apache answers');
      assert.deepEqual(
        heard[0]?.map((line) => line.split(' ')[0]),
        expected,
      );
    });
  }
}

interface Row {
  readonly name: string;
  readonly calls: readonly Call[];
  /** Codes, or `closed` for the end of the connection. */
  readonly expected: readonly string[];
}

const ensembleAcl: readonly Acl[] = [{ perms: 31, scheme: 'ensemble', id: 'east' }];
const ownAcl: readonly Acl[] = [{ perms: 31, scheme: 'auth', id: '' }];
const bobAcl = (id: string): readonly Acl[] => [{ perms: 31, scheme: 'digest', id: `bob:${id}` }];
const SHA1_OF_BOB = 'X1SKGw3XQQSIPMZRf5lW7e07VPY=';
const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64');
const SHA256_OF_BOB = sha256('bob:bob');

describe('a server that belongs to a named ensemble', { concurrency: 1 }, () => {
  compareWith(
    [`authProvider.1=${PROVIDERS}.EnsembleAuthenticationProvider`, 'ensembleAuthName=east, west'],
    [
      {
        name: 'keeps who looks for it, adding nothing to what it is',
        calls: [auth('ensemble', 'east'), auth('ensemble', 'west'), WHO_AM_I],
        expected: ['OK', 'OK', 'OK'],
      },
      {
        name: 'keeps who looks for none in particular',
        calls: [auth('ensemble', ''), auth('ensemble', null), WHO_AM_I],
        expected: ['OK', 'OK', 'OK'],
      },
      {
        name: 'closes without a word on who looks for another',
        calls: [getData('/'), auth('ensemble', 'north')],
        expected: ['OK', 'closed'],
      },
      {
        name: 'takes the list for no name',
        calls: [auth('ensemble', 'east, west')],
        expected: ['closed'],
      },
      {
        name: 'has no ACLs of that scheme',
        calls: [
          auth('ensemble', 'east'),
          create('/e', ensembleAcl),
          create('/o', ownAcl),
          WHO_AM_I,
        ],
        expected: ['OK', 'INVALIDACL', 'INVALIDACL', 'OK'],
      },
    ],
  );
});

describe('a server of an ensemble without a name', { concurrency: 1 }, () => {
  compareWith(
    [`authProvider.ensemble=${PROVIDERS}.EnsembleAuthenticationProvider`],
    [
      {
        name: 'keeps everybody',
        calls: [auth('ensemble', 'anything'), getData('/')],
        expected: ['OK', 'OK'],
      },
    ],
  );
});

describe('a server without the scheme ensemble', { concurrency: 1 }, () => {
  compareWith(
    ['ensembleAuthName=east', 'DigestAuthenticationProvider.enabled=false'],
    [
      {
        name: 'refuses who asks for an ensemble, as it refuses any unknown scheme',
        calls: [auth('ensemble', 'east')],
        expected: ['AUTHFAILED'],
      },
      {
        name: 'refuses digest where that is switched off, in ACLs as well',
        calls: [create('/d', bobAcl(SHA1_OF_BOB)), auth('digest', 'bob:bob')],
        expected: ['INVALIDACL', 'AUTHFAILED'],
      },
    ],
  );
});

describe('a server whose digests are SHA-256', { concurrency: 1 }, () => {
  compareWith(
    [
      'DigestAuthenticationProvider.digestAlg=SHA-256',
      `DigestAuthenticationProvider.superDigest=super:${sha256('super:test')}`,
    ],
    [
      {
        name: 'makes identities of that hash, and ACLs of scheme auth from them',
        calls: [auth('digest', 'bob:bob'), create('/own', ownAcl), getAcl('/own'), WHO_AM_I],
        expected: ['OK', 'OK', 'OK', 'OK'],
      },
      {
        name: 'knows who an ACL of that hash means, and nobody of another',
        calls: [
          create('/sha256', bobAcl(SHA256_OF_BOB)),
          create('/sha1', bobAcl(SHA1_OF_BOB)),
          getData('/sha256'),
          auth('digest', 'bob:bob'),
          getData('/sha256'),
          getData('/sha1'),
        ],
        expected: ['OK', 'OK', 'NOAUTH', 'OK', 'OK', 'NOAUTH'],
      },
      {
        name: 'knows its super user by that hash',
        calls: [
          create('/shut', [{ perms: 31, scheme: 'ip', id: '10.9.9.9' }]),
          getData('/shut'),
          auth('digest', 'super:test'),
          getData('/shut'),
          WHO_AM_I,
        ],
        expected: ['OK', 'NOAUTH', 'OK', 'OK', 'OK'],
      },
    ],
  );
});
