/**
 * ACLs and identities that programs use: mostly open ones, so that something happens, then every
 * kind of permission, scheme and malformation of client-protocol.md 13. Passwords and hashes are
 * those of that section's table and of nobody else.
 */

import { Perms, type Prng } from '@zabra/protocol';
import type { AclEntry } from './program.ts';

export interface Credential {
  readonly scheme: string | null;
  readonly auth: string | null;
}

const OPEN: AclEntry = { perms: Perms.ALL, scheme: 'world', id: 'anyone' };
const BOB = 'bob:X1SKGw3XQQSIPMZRf5lW7e07VPY=';
const USER = 'user:smGaoVKd/cQkjm7b88GyorAUz20=';

export const SUPER_PASSWORD = 'super:test';
export const SUPER_DIGEST = 'super:D/InIHSb7yEEbrWz8b9l71RjZJU=';

export const GOOD_CREDENTIALS: readonly Credential[] = [
  { scheme: 'digest', auth: 'bob:bob' },
  { scheme: 'digest', auth: 'bob:bob' },
  { scheme: 'digest', auth: 'user:pass' },
  { scheme: 'digest', auth: SUPER_PASSWORD },
  { scheme: 'digest', auth: 'super:wrong' },
  { scheme: 'digest', auth: 'a:b:c' },
  { scheme: 'digest', auth: 'nocolon' },
  { scheme: 'digest', auth: '' },
  { scheme: 'ip', auth: '10.0.0.1' },
  { scheme: 'ip', auth: null },
];

/** Identities that no ACL here names: it does not matter when they take effect. */
export const NOISE_CREDENTIALS: readonly Credential[] = [
  { scheme: 'digest', auth: 'noise:1' },
  { scheme: 'ip', auth: '' },
];

export const BAD_CREDENTIALS: readonly Credential[] = [
  { scheme: 'digest', auth: null },
  { scheme: 'world', auth: 'anyone' },
  { scheme: 'super', auth: '' },
  { scheme: 'sasl', auth: 'x' },
  { scheme: 'nothing', auth: 'x' },
  { scheme: '', auth: 'x' },
  { scheme: null, auth: 'x' },
];

const PERMS: readonly number[] = [31, 31, 1, 2, 4, 8, 16, 30, 29, 27, 23, 15, 17, 0, 999, -1];
const KNOWN_IDS: readonly (readonly [string, string])[] = [
  ['digest', BOB],
  ['digest', USER],
  ['digest', 'nobody:AAAAAAAAAAAAAAAAAAAAAAAAAAA='],
  ['ip', '127.0.0.1'],
  ['ip', '127.0.0.0/8'],
  ['ip', '10.0.0.0/8'],
  ['ip', '10.1.2.3'],
  ['auth', ''],
];
const ODD_IDS: readonly (readonly [string | null, string | null])[] = [
  ['world', 'someone'],
  ['world', null],
  ['auth', null],
  ['auth', 'ignored'],
  ['digest', 'u:'],
  ['digest', 'u'],
  ['digest', ':h'],
  ['digest', 'a:b:'],
  ['digest', 'a:b:c'],
  ['digest', ''],
  ['digest', null],
  ['ip', '1.2.3'],
  ['ip', '1.2.3.4.5'],
  ['ip', '1.2.3.256'],
  ['ip', '1.2.3.4/0'],
  ['ip', '1.2.3.4/32'],
  ['ip', '1.2.3.4/33'],
  ['ip', '1.2.3.4/-1'],
  ['ip', '1.2.3.4/x'],
  ['ip', '1.2.3.4/'],
  ['ip', ''],
  ['ip', '::1'],
  ['ip', 'fe80::1/64'],
  ['ip', 'localhost'],
  ['ip', null],
  ['super', ''],
  ['sasl', 'bob'],
  ['x509', 'CN=bob'],
  ['nothing', 'x'],
  ['', ''],
  [null, 'anyone'],
  [null, null],
];

/** Mostly open, unless it is to be strict. */
export function anyAcl(prng: Prng, isStrict: boolean): readonly AclEntry[] | null {
  const draw = isStrict ? 78 + prng.below(22) : prng.below(100);
  if (draw < 78) return [OPEN];
  if (draw < 84) return [knownEntry(prng)];
  if (draw < 89) return [{ ...OPEN, perms: prng.pick(PERMS) }];
  if (draw < 94) return [knownEntry(prng), knownEntry(prng), { ...OPEN, perms: Perms.READ }];
  if (draw < 96) return [OPEN, OPEN, knownEntry(prng)];
  if (draw < 97) return [];
  if (draw < 98) return null;
  return [OPEN, oddEntry(prng)].slice(prng.below(2));
}

/** Whether somebody may be refused to read a znode with this ACL. */
export function mayHide(acl: readonly AclEntry[]): boolean {
  const isOpen = ({ perms, scheme }: AclEntry): boolean =>
    scheme === 'world' && (perms & Perms.READ) !== 0;
  return !acl.some(isOpen);
}

function knownEntry(prng: Prng): AclEntry {
  const [scheme, id] = prng.pick(KNOWN_IDS);
  return { perms: prng.pick(PERMS), scheme, id };
}

function oddEntry(prng: Prng): AclEntry {
  const [scheme, id] = prng.pick(ODD_IDS);
  return { perms: prng.pick(PERMS), scheme, id };
}
