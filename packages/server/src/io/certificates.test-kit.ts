/**
 * Certificates for tests, made on the spot with nothing but Node: an authority, and what it signs.
 * X.509 version 3 with elliptic curve keys (RFC 5280), as much of it as these tests need.
 */

import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

/** One value of DER. */
export function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  const head =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), content]);
}

export function derOid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const digits = [arc & 0x7f];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) {
      digits.unshift((left & 0x7f) | 0x80);
    }
    return digits;
  });
  return der(0x06, Buffer.from(bytes));
}

/** Attributes as (type, value), one to an RDN, values as UTF8String. */
export type Subject = readonly (readonly [type: string, value: string])[];

export function derName(subject: Subject): Buffer {
  const rdns = subject.map(([type, value]) =>
    der(0x31, der(0x30, derOid(type), der(0x0c, Buffer.from(value)))),
  );
  return der(0x30, ...rdns);
}

export const CN = '2.5.4.3';
const ECDSA_WITH_SHA256 = der(0x30, derOid('1.2.840.10045.4.3.2'));
const DAY_MS = 86_400_000;

interface Issued {
  readonly certificate: string;
  readonly key: crypto.KeyObject;
  readonly subject: Subject;
}

export interface Wanted {
  readonly subject: Subject;
  readonly dnsNames?: readonly string[];
  readonly ips?: readonly string[];
  /** From when and until when it is good, days from now. */
  readonly days?: readonly [number, number];
}

export class Authority {
  readonly #own: Issued;
  #serial = 1;

  constructor(name = 'Test Authority') {
    const { publicKey, privateKey } = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const subject: Subject = [[CN, name]];
    const isAuthority = der(0x30, der(0x01, Buffer.from([0xff])));
    const extensions = [extension('2.5.29.19', true, isAuthority)];
    const certificate = sign(subject, privateKey, subject, publicKey, 1, [-1, 2], extensions);
    this.#own = { certificate, key: privateKey, subject };
  }

  /** Its certificate, PEM. */
  get pem(): string {
    return this.#own.certificate;
  }

  /** Private key and certificate in one PEM text; the key is encrypted when there is a password. */
  issue(wanted: Wanted, password?: string): string {
    const { publicKey, privateKey } = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { subject, days = [-1, 1] } = wanted;
    const names = [
      ...(wanted.dnsNames ?? []).map((name) => der(0x82, Buffer.from(name))),
      ...(wanted.ips ?? []).map((ip) => der(0x87, Buffer.from(ip.split('.').map(Number)))),
    ];
    const extensions =
      names.length === 0 ? [] : [extension('2.5.29.17', false, der(0x30, ...names))];
    this.#serial++;
    const { key, subject: issuer } = this.#own;
    const certificate = sign(issuer, key, subject, publicKey, this.#serial, days, extensions);
    const form = { type: 'pkcs8', format: 'pem' } as const;
    const keyPem =
      password === undefined
        ? privateKey.export(form)
        : privateKey.export({ ...form, cipher: 'aes-256-cbc', passphrase: password });
    return `${keyPem}${certificate}`;
  }
}

/** Written to a file of its own below the directory; returns its name. */
export function writePem(directory: string, name: string, text: string): string {
  const file = path.join(directory, name);
  fs.writeFileSync(file, text);
  return file;
}

function sign(
  issuer: Subject,
  issuerKey: crypto.KeyObject,
  subject: Subject,
  publicKey: crypto.KeyObject,
  serial: number,
  days: readonly [number, number],
  extensions: readonly Buffer[],
): string {
  const validity = days.map((count) =>
    der(0x17, Buffer.from(utcTime(Date.now() + count * DAY_MS))),
  );
  const signed = der(
    0x30,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([serial])),
    ECDSA_WITH_SHA256,
    derName(issuer),
    der(0x30, ...validity),
    derName(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    ...(extensions.length === 0 ? [] : [der(0xa3, der(0x30, ...extensions))]),
  );
  const signature = crypto.sign('sha256', signed, issuerKey);
  const whole = der(0x30, signed, ECDSA_WITH_SHA256, der(0x03, Buffer.from([0]), signature));
  const lines = whole.toString('base64').replaceAll(/.{64}/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

function extension(oid: string, isCritical: boolean, value: Buffer): Buffer {
  const critical = isCritical ? [der(0x01, Buffer.from([0xff]))] : [];
  return der(0x30, derOid(oid), ...critical, der(0x04, value));
}

/** `YYMMDDhhmmssZ`. */
function utcTime(ms: number): string {
  return `${new Date(ms)
    .toISOString()
    .replaceAll(/[-:T]|\.\d+/g, '')
    .slice(2)}`;
}
