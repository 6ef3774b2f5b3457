/** A server with TLS before its client port, and clients of it, for the tests of this room. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, afterEach } from 'node:test';
import tls from 'node:tls';
import type { ListenKind, Output } from '../peer/ready.ts';
import { Authority, CN, writePem } from './certificates.test-kit.ts';
import { BARE, endWorlds, makeWorld, type World } from './fake-machine.test-kit.ts';
import { TlsFront, type TlsFrontSettings } from './tls-front.ts';

export const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'zabra-tls-'));
export const ours = new Authority();
export const theirs = new Authority('Another Authority');
export const SERVER = { subject: [[CN, 'server']], dnsNames: ['localhost'] } as const;
export const ALICE = [
  ['2.5.4.10', 'Acme, Inc.'],
  [CN, 'alice'],
] as const;
export const alice = ours.issue({ subject: ALICE });
export const stranger = theirs.issue({ subject: ALICE });
export const stale = ours.issue({ subject: ALICE, days: [-3, -1] });
export const keyFile = writePem(directory, 'server.pem', ours.issue(SERVER));
export const trustFile = writePem(directory, 'ca.pem', ours.pem);

export const SETTINGS: TlsFrontSettings = {
  prefix: 'ssl.',
  keyFile,
  keyPassword: null,
  keyPasswordFile: '',
  trustFile,
  clientAuth: 'need',
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.3',
  ciphers: '',
  checksClientAddress: false,
  reloadsFiles: false,
  handshakesMax: 100,
  silenceMs: 10_000,
};

let fronts: TlsFront[] = [];

export interface Seat {
  readonly world: World;
  readonly log: string[];
}

export async function open(
  changes: Partial<TlsFrontSettings> = {},
  kind: ListenKind = 'secureClient',
): Promise<Seat> {
  const log: string[] = [];
  const front = new TlsFront({ ...SETTINGS, ...changes }, (level, message) =>
    log.push(`${level} ${message}`),
  );
  fronts.push(front);
  const prefaces = { secureClient: front.secure, client: front.unified };
  const world = await makeWorld({ ...BARE, prefaces }).listen(kind);
  world.machine.onInput = (heard, output) => {
    if (heard.what === 'client bytes') world.machine.write(output as Output, `<${heard.text}>`);
  };
  return { world, log };
}

export function connect({ world }: Seat, pem: string | null, more: tls.ConnectionOptions = {}) {
  const own = pem === null ? {} : { key: pem, cert: pem };
  return tls.connect({
    host: '127.0.0.1',
    port: world.port,
    servername: 'localhost',
    ca: ours.pem,
    ...own,
    ...more,
  });
}

/** What the server answers to "hello"; the reason when it does not. */
export async function hello(seat: Seat, pem: string | null, more: tls.ConnectionOptions = {}) {
  const socket = connect(seat, pem, more);
  let reason = 'closed';
  socket.on('error', (error) => (reason = error.message));
  socket.write('hello');
  const closed = once(socket, 'close').then(
    () => null,
    () => null,
  );
  const answer = await Promise.race([once(socket, 'data'), closed]).catch(() => null);
  socket.destroy();
  await closed;
  return answer === null ? reason : String(answer[0]);
}

export function openings({ world }: Seat): string[] {
  return world.machine.heard
    .filter(({ what }) => what === 'client open')
    .map(({ text }) => text.replace('127.0.0.1', 'client'));
}

export async function until(holds: () => boolean): Promise<void> {
  for (let count = 0; count < 500 && !holds(); count++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.ok(holds(), 'waited in vain');
}

/** Ends what each test of a file has opened, and removes the files of all. */
export function useSeats(): void {
  afterEach(async () => {
    for (const front of fronts) front.close();
    fronts = [];
    await endWorlds();
  });
  after(() => fs.rmSync(directory, { recursive: true }));
}
