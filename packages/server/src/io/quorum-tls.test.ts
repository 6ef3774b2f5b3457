/**
 * TLS between servers, over loopback with certificates made on the spot: two servers and what
 * stands before their quorum ports. Who gets through in which direction, who does not and why,
 * both kinds on one port, silence, and files that change.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { afterEach, describe, it } from 'node:test';
import type { QuorumTlsSettings } from '../config/quorum-security-settings.ts';
import type { Output } from '../peer/ready.ts';
import { CN, writePem } from './certificates.test-kit.ts';
import { BARE, makeWorld, readToEnd, type World } from './fake-machine.test-kit.ts';
import { QuorumTls } from './quorum-tls.ts';
import { directory, ours, theirs, trustFile, until, useSeats } from './tls-seat.test-kit.ts';

useSeats();

const HERE = { ips: ['127.0.0.1'] };
const ELSEWHERE = { ips: ['127.0.0.9'] };
const NAMED = { dnsNames: ['localhost'] };
const pem = (name: string, text: string): string => writePem(directory, `${name}.pem`, text);
const files = {
  here: pem('here', ours.issue({ subject: [[CN, 'member']], ...HERE })),
  elsewhere: pem('elsewhere', ours.issue({ subject: [[CN, 'member']], ...ELSEWHERE })),
  named: pem('named', ours.issue({ subject: [[CN, 'member']], ...NAMED })),
  wild: pem('wild', ours.issue({ subject: [[CN, 'member']], dnsNames: ['*.localhost'] })),
  nameless: pem('nameless', ours.issue({ subject: [[CN, 'member']] })),
  stranger: pem('stranger', theirs.issue({ subject: [[CN, 'member']], ...HERE })),
};

const SETTINGS: QuorumTlsSettings = {
  prefix: 'ssl.quorum.',
  keyFile: files.here,
  keyPassword: null,
  keyPasswordFile: '',
  trustFile,
  clientAuth: 'need',
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.3',
  ciphers: '',
  dialsTls: true,
  takesPlain: false,
  checksDialedHost: true,
  checksAcceptedHost: true,
  reloadsFiles: false,
  silenceMs: 5000,
};

let fronts: QuorumTls[] = [];
afterEach(() => {
  for (const front of fronts) front.close();
  fronts = [];
});

interface Server {
  readonly world: World;
  readonly log: string[];
}

/** Answers `<...>` to what it is told. Null speaks no TLS at all. */
async function server(changes: Partial<QuorumTlsSettings> | null = {}): Promise<Server> {
  const log: string[] = [];
  let prefaces = {};
  if (changes !== null) {
    const front = new QuorumTls({ ...SETTINGS, ...changes }, (level, message) =>
      log.push(`${level} ${message}`),
    );
    fronts.push(front);
    prefaces = { quorum: front.preface };
  }
  const world = await makeWorld({ ...BARE, prefaces }).listen('quorum');
  return { world, log };
}

function answers({ world }: Server): void {
  world.machine.onInput = (heard, output) => {
    if (heard.what === 'link bytes') world.machine.write(output as Output, `<${heard.text}>`);
  };
}

/** What one server hears from the other: its answer, or why there is none. */
async function talk(from: Server, to: Server, host = '127.0.0.1'): Promise<string> {
  answers(to);
  const { machine } = from.world;
  const output = machine.dial('quorum', host, to.world.port);
  machine.write(output, 'hello');
  const own = () => machine.heard.find(({ id, what }) => id === output.id && what !== 'dialed');
  await machine.until(() => own() !== undefined);
  const { what, text } = own() ?? { what: '', text: '' };
  return what === 'link bytes' ? text : `closed: ${text}`;
}

const warnings = ({ log }: Server): string[] => log.filter((line) => line.startsWith('warn'));

describe('QuorumTls', () => {
  const through: readonly (readonly [
    string,
    Partial<QuorumTlsSettings> | null,
    Partial<QuorumTlsSettings> | null,
    string?,
  ])[] = [
    ['certificates that name the address', {}, {}],
    ['a certificate that names the host dialed', {}, { keyFile: files.named }, 'localhost'],
    ['a certificate that names a host at the address', { keyFile: files.named }, {}],
    ['only TLS 1.2', { maxVersion: 'TLSv1.2' }, {}],
    ['only TLS 1.3', {}, { minVersion: 'TLSv1.3' }],
    [
      'whatever hosts, where they do not matter',
      { ...unchecked(), keyFile: files.nameless },
      {
        ...unchecked(),
        keyFile: files.elsewhere,
      },
    ],
    ['whatever host of who connects', { keyFile: files.nameless }, { checksAcceptedHost: false }],
    ['TLS, to a server that takes both', {}, { takesPlain: true, dialsTls: false }],
    ['plain bytes, to a server that takes both', null, { takesPlain: true }],
    [
      'plain bytes, from one that takes both and does not dial TLS',
      { takesPlain: true, dialsTls: false },
      null,
    ],
    ['a certificate of one side only', {}, { clientAuth: 'none' }],
  ];
  for (const [name, dialer, accepter, host] of through) {
    it(`lets through ${name}`, async () => {
      const [from, to] = [await server(dialer), await server(accepter)];
      assert.equal(await talk(from, to, host), '<hello>');
      assert.deepEqual([warnings(from), warnings(to)], [[], []]);
    });
  }

  /** Who says why: the one that dials, or the one that accepts. */
  const cut: readonly (readonly [
    string,
    Partial<QuorumTlsSettings> | null,
    Partial<QuorumTlsSettings> | null,
    'from' | 'to',
    RegExp,
  ])[] = [
    [
      'a server of another authority, from where it is dialed',
      {},
      { keyFile: files.stranger },
      'from',
      /^warn Cannot speak TLS with 127\.0\.0\.1:\d+ at its quorum port: .*certificate/,
    ],
    [
      'a server of another authority that connects',
      { keyFile: files.stranger },
      {},
      'to',
      /^warn Refused TLS with \/127\.0\.0\.1:\d+: its certificate is not good/,
    ],
    [
      'a server that is not where it was dialed',
      {},
      { keyFile: files.elsewhere },
      'from',
      /quorum port: its certificate does not name 127\.0\.0\.1$/,
    ],
    [
      'a server that connects from another address',
      { keyFile: files.elsewhere },
      {},
      'to',
      /Refused \/127\.0\.0\.1:\d+ at the quorum port: its certificate names neither \S+ nor/,
    ],
    [
      'a certificate without names',
      { keyFile: files.nameless },
      {},
      'to',
      /names neither 127\.0\.0\.1 nor a host at that address/,
    ],
    [
      'a certificate with a wildcard, which names nobody who connects',
      { keyFile: files.wild },
      {},
      'to',
      /names neither/,
    ],
    [
      'plain bytes',
      null,
      {},
      'to',
      /at the quorum port: it does not speak TLS, and portUnification is off/,
    ],
    [
      'TLS where nobody speaks it',
      { silenceMs: 300 },
      null,
      'from',
      /Cannot speak TLS with 127\.0\.0\.1:\d+ at its quorum port: no handshake within 300 ms/,
    ],
    [
      'too old a version',
      { maxVersion: 'TLSv1.2' },
      { minVersion: 'TLSv1.3' },
      'to',
      /unsupported protocol/,
    ],
  ];
  for (const [name, dialer, accepter, who, says] of cut) {
    it(`cuts ${name}, with one line`, async () => {
      const [from, to] = [await server(dialer), await server(accepter)];
      assert.notEqual(await talk(from, to), '<hello>');
      const told = who === 'from' ? from : to;
      await until(() => warnings(told).length > 0);
      assert.match(warnings(told)[0] ?? '', says);
      assert.equal(warnings(told).length, 1);
      assert.deepEqual(opened(to), accepter === null ? ['quorum open'] : []);
    });
  }

  it('tells once of a server that it cannot reach, and again when it could meanwhile', async () => {
    const from = await server();
    const file = pem('changing', ours.issue({ subject: [[CN, 'member']], ...ELSEWHERE }));
    const to = await server({ keyFile: file, reloadsFiles: true });
    for (let count = 0; count < 3; count++) await talk(from, to);
    assert.equal(warnings(from).length, 1);
    pem('changing', ours.issue({ subject: [[CN, 'member']], ...HERE }));
    await until(() => to.log.some((line) => /New connections get the certificate/.test(line)));
    assert.equal(await talk(from, to), '<hello>');
    assert.equal(warnings(from).length, 1);
    pem('changing', ours.issue({ subject: [[CN, 'member']], ...ELSEWHERE }));
    await until(() => to.log.filter((line) => /New connections get/.test(line)).length === 2);
    await talk(from, to);
    assert.equal(warnings(from).length, 2);
  });

  it('dials with changed files as well, and keeps open connections', async () => {
    const file = pem('renewed', ours.issue({ subject: [[CN, 'member']], ...HERE }));
    const from = await server({ keyFile: file, reloadsFiles: true });
    const to = await server();
    assert.equal(await talk(from, to), '<hello>');
    const early = [...from.world.machine.outputs.values()][0] as Output;
    pem('renewed', theirs.issue({ subject: [[CN, 'member']], ...HERE }));
    await until(() => from.log.some((line) => /New connections get the certificate/.test(line)));
    assert.notEqual(await talk(from, to), '<hello>');
    from.world.machine.write(early, 'again');
    await from.world.machine.until(() =>
      from.world.machine.heard.some(({ id, text }) => id === early.id && text === '<again>'),
    );
  });

  it('cuts who connects and is silent', async () => {
    const to = await server({ silenceMs: 300, takesPlain: true });
    const silent = await to.world.connect();
    assert.equal(await readToEnd(silent), '');
  });

  it('serves others while one is silent', async () => {
    const [from, to] = [await server(), await server({ takesPlain: true })];
    const silent = await to.world.connect();
    assert.equal(await talk(from, to), '<hello>');
    assert.equal(silent.readableEnded, false);
    silent.destroy();
    const half = net.connect(to.world.port, '127.0.0.1');
    half.on('error', () => undefined);
    half.write(Buffer.from([0x16]));
    assert.equal(await talk(from, to), '<hello>');
    half.destroy();
    await once(half, 'close');
  });

  it('closes behind the last byte, whoever closes', async () => {
    const [from, to] = [await server(), await server()];
    const total = 1 << 20;
    to.world.machine.onInput = (heard, output) => {
      if (heard.what !== 'link bytes' || output === undefined) return;
      to.world.machine.write(output, 'y'.repeat(total));
      output.closeAfterFlush = true;
    };
    const { machine } = from.world;
    machine.write(machine.dial('quorum', '127.0.0.1', to.world.port), 'hello');
    await machine.until(() => machine.heard.some(({ what }) => what === 'link closed'));
    assert.equal(machine.bytesReceived, total);
  });

  it('does not resume sessions: each connection is judged by the authorities of now', async () => {
    const to = await server({ checksAcceptedHost: false });
    const own = ours.issue({ subject: [[CN, 'member']], ...HERE });
    const options = { port: to.world.port, host: '127.0.0.1', ca: ours.pem, key: own, cert: own };
    const first = tls.connect({ ...options, maxVersion: 'TLSv1.2' });
    await once(first, 'secureConnect');
    const session = first.getSession();
    assert.ok(session !== undefined);
    const second = tls.connect({ ...options, maxVersion: 'TLSv1.2', session });
    await once(second, 'secureConnect');
    assert.equal(second.isSessionReused(), false);
    first.destroy();
    second.destroy();
  });
});

function unchecked(): Partial<QuorumTlsSettings> {
  return { checksDialedHost: false, checksAcceptedHost: false };
}

function opened({ world }: Server): string[] {
  return world.machine.heard.map(({ what }) => what).filter((what) => what === 'quorum open');
}
