/**
 * The subject of a certificate as Java prints it (`X500Principal.getName`, RFC 2253), because ACLs
 * of scheme `x509` compare text:
 *
 *   name   = rdn *( "," rdn )          the last of the certificate first
 *   rdn    = pair *( "+" pair )        in the order of the certificate
 *   pair   = keyword "=" text          for the nine keywords and the kinds of text below
 *          | ( keyword | oid ) "=#" hex of the DER value
 *
 * A backslash stands before `, + = < > # ; " \` wherever they are and before blanks and carriage
 * returns at either end of a text; the NUL character is `\00`. All kinds of text are taken for
 * UTF-8, right or wrong. From the DER bytes, since Node's own rendering loses what is needed here.
 */

/** RFC 2253's, and no others. */
const KEYWORDS: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'STREET',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
};

const Tag = { INTEGER: 0x02, OID: 0x06, SEQUENCE: 0x30, SET: 0x31, VERSION: 0xa0 } as const;
/** UTF8, Printable, T61, IA5, General and BMP strings. */
const TEXT_TAGS: ReadonlySet<number> = new Set([0x0c, 0x13, 0x14, 0x16, 0x1b, 0x1e]);
const ESCAPED = /[,+=<>#;"\\]/g;
const EDGES = /^[ \r]+|[ \r]+$/g;

interface Value {
  readonly tag: number;
  readonly content: Buffer;
  /** Tag and length included. */
  readonly whole: Buffer;
}

/** Null when the bytes are no certificate. */
export function certificateSubject(certificate: Buffer): string | null {
  const [outer] = valuesOf(certificate);
  const [signed] = outer?.tag === Tag.SEQUENCE ? valuesOf(outer.content) : [];
  const fields = signed?.tag === Tag.SEQUENCE ? valuesOf(signed.content) : [];
  // version, serial number, algorithm, issuer, validity, subject; only the first may be missing.
  const subject = fields[fields[0]?.tag === Tag.VERSION ? 5 : 4];
  return subject?.tag === Tag.SEQUENCE ? distinguishedName(subject.whole) : null;
}

/** Of the DER value of a name; null when it is none. */
export function distinguishedName(name: Buffer): string | null {
  const [outer, ...rest] = valuesOf(name);
  if (outer?.tag !== Tag.SEQUENCE || rest.length > 0) return null;
  const parts: string[] = [];
  for (const rdn of valuesOf(outer.content)) {
    if (rdn.tag !== Tag.SET) return null;
    const pairs = valuesOf(rdn.content).map(pairText);
    if (pairs.includes(null)) return null;
    parts.unshift(pairs.join('+'));
  }
  return parts.join(',');
}

function pairText({ tag, content }: Value): string | null {
  const [oid, value] = tag === Tag.SEQUENCE ? valuesOf(content) : [];
  if (oid?.tag !== Tag.OID || value === undefined) return null;
  const number = oidText(oid.content);
  const keyword = KEYWORDS[number];
  if (keyword === undefined) return `${number}=#${value.whole.toString('hex')}`;
  if (!TEXT_TAGS.has(value.tag)) return `${keyword}=#${value.whole.toString('hex')}`;
  return `${keyword}=${escaped(value.content.toString('utf8'))}`;
}

function escaped(text: string): string {
  return text
    .replaceAll(ESCAPED, '\\$&')
    .replaceAll('\0', '\\00')
    .replaceAll(EDGES, (blanks) => blanks.replaceAll(/[ \r]/g, '\\$&'));
}

/** Numbers of any size, such as those made of UUIDs. */
function oidText(content: Buffer): string {
  const arcs: bigint[] = [];
  let arc = 0n;
  for (const byte of content) {
    arc = arc * 128n + BigInt(byte & 0x7f);
    if ((byte & 0x80) !== 0) continue;
    if (arcs.length > 0) arcs.push(arc);
    else if (arc < 80n) arcs.push(arc / 40n, arc % 40n);
    else arcs.push(2n, arc - 80n);
    arc = 0n;
  }
  return arcs.join('.');
}

/** The values that stand side by side; up to the first that is none. */
function valuesOf(bytes: Buffer): Value[] {
  const values: Value[] = [];
  let at = 0;
  while (at + 2 <= bytes.length) {
    const tag = bytes.readUInt8(at);
    const first = bytes.readUInt8(at + 1);
    const lengthBytes = first < 0x80 ? 0 : first - 0x80;
    const start = at + 2 + lengthBytes;
    if (lengthBytes > 4 || start > bytes.length) break;
    const length = lengthBytes === 0 ? first : bytes.readUIntBE(at + 2, lengthBytes);
    if (first === 0x80 || start + length > bytes.length) break;
    const end = start + length;
    values.push({ tag, content: bytes.subarray(start, end), whole: bytes.subarray(at, end) });
    at = end;
  }
  return values;
}
