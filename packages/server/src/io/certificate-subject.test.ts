/** Subjects as Java prints them; the texts were taken from `X500Principal.getName` of Java 17. */

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { certificateSubject, distinguishedName } from './certificate-subject.ts';
import { Authority, CN, der, derName, derOid } from './certificates.test-kit.ts';

const UTF8 = 0x0c;
const PRINTABLE = 0x13;

function pair(type: string, tag: number, value: Uint8Array | string): Buffer {
  return der(0x30, derOid(type), der(tag, Buffer.from(value)));
}

/** A name of RDNs, each of pairs. */
function nameOf(...rdns: readonly (readonly Buffer[])[]): Buffer {
  return der(0x30, ...rdns.map((pairs) => der(0x31, ...pairs)));
}

describe('distinguishedName', () => {
  it('knows the nine keywords of RFC 2253, and writes others as numbers and bytes', () => {
    const rows = [
      [CN, 'CN=v'],
      ['2.5.4.6', 'C=v'],
      ['2.5.4.7', 'L=v'],
      ['2.5.4.8', 'ST=v'],
      ['2.5.4.9', 'STREET=v'],
      ['2.5.4.10', 'O=v'],
      ['2.5.4.11', 'OU=v'],
      ['0.9.2342.19200300.100.1.1', 'UID=v'],
      ['0.9.2342.19200300.100.1.25', 'DC=v'],
      ['2.5.4.4', '2.5.4.4=#0c0176'],
      ['2.5.4.5', '2.5.4.5=#0c0176'],
      ['2.5.4.12', '2.5.4.12=#0c0176'],
      ['2.5.4.42', '2.5.4.42=#0c0176'],
      ['1.2.840.113549.1.9.1', '1.2.840.113549.1.9.1=#0c0176'],
      ['1.3.6.1.4.1.311.60.2.1.3', '1.3.6.1.4.1.311.60.2.1.3=#0c0176'],
      ['2.999.1', '2.999.1=#0c0176'],
    ];
    for (const [type = '', text] of rows) {
      assert.equal(distinguishedName(nameOf([pair(type, UTF8, 'v')])), text);
    }
  });

  it('takes all kinds of text for UTF-8, and writes other values as bytes', () => {
    const rows: readonly (readonly [number, Uint8Array | string, string])[] = [
      [UTF8, 'ab', 'CN=ab'],
      [PRINTABLE, 'ab', 'CN=ab'],
      [0x14, 'ab', 'CN=ab'],
      [0x16, 'ab', 'CN=ab'],
      [0x1b, 'ab', 'CN=ab'],
      [0x1e, 'ab', 'CN=ab'],
      [0x1c, 'ab', 'CN=#1c026162'],
      [0x12, 'ab', 'CN=#12026162'],
      [0x1a, 'ab', 'CN=#1a026162'],
      [0x04, 'ab', 'CN=#04026162'],
      [0x02, Buffer.from([7]), 'CN=#020107'],
      [0x14, Buffer.from([0x61, 0xe4]), 'CN=a\ufffd'],
      [0x1e, Buffer.from([0, 0x61, 0, 0xe4]), 'CN=\\00a\\00\ufffd'],
      [UTF8, 'é日😀', 'CN=é日😀'],
    ];
    for (const [tag, value, text] of rows) {
      assert.equal(distinguishedName(nameOf([pair(CN, tag, value)])), text);
    }
  });

  it('escapes what Java escapes', () => {
    const rows = [
      ['', 'CN='],
      [' ', 'CN=\\ '],
      ['  a  ', 'CN=\\ \\ a\\ \\ '],
      ['a b', 'CN=a b'],
      ['#a', 'CN=\\#a'],
      ['a#', 'CN=a\\#'],
      ['a,b=c+d<e>f;g"h\\i', 'CN=a\\,b\\=c\\+d\\<e\\>f\\;g\\"h\\\\i'],
      [' ,', 'CN=\\ \\,'],
      [', ', 'CN=\\,\\ '],
      ['\ra\r', 'CN=\\\ra\\\r'],
      ['\na\n', 'CN=\na\n'],
      ['\t a', 'CN=\t a'],
      ['a\rb', 'CN=a\rb'],
      ['\0', 'CN=\\00'],
      ["/?*'()[]{}|~^`@$%&!:", "CN=/?*'()[]{}|~^`@$%&!:"],
    ];
    for (const [value = '', text] of rows) {
      assert.equal(distinguishedName(nameOf([pair(CN, UTF8, value)])), text);
    }
  });

  it('puts the last RDN first, and leaves the order within one', () => {
    const name = nameOf(
      [pair('2.5.4.6', PRINTABLE, 'DE')],
      [pair('2.5.4.10', UTF8, 'Acme, Inc.')],
      [pair('2.5.4.11', UTF8, 'Dev'), pair(CN, UTF8, 'alice')],
    );
    assert.equal(distinguishedName(name), 'OU=Dev+CN=alice,O=Acme\\, Inc.,C=DE');
    assert.equal(distinguishedName(nameOf()), '');
  });

  it('reads long values, and makes nothing of what is no name', () => {
    const long = 'x'.repeat(300);
    assert.equal(distinguishedName(derName([[CN, long]])), `CN=${long}`);
    const name = derName([[CN, 'a']]);
    const broken = [
      Buffer.alloc(0),
      name.subarray(0, name.length - 1),
      Buffer.concat([name, name]),
      der(0x31),
      der(0x30, der(0x30)),
      der(0x30, der(0x31, der(0x30, derOid(CN)))),
      Buffer.from([0x30, 0x80, 0, 0]),
      Buffer.from([0x30, 0x85, 0, 0, 0, 0, 0]),
    ];
    for (const bytes of broken) assert.equal(distinguishedName(bytes), null, bytes.toString('hex'));
  });
});

describe('certificateSubject', () => {
  it('finds the subject, not the issuer', () => {
    const pem = new Authority('The Issuer').issue({
      subject: [
        ['2.5.4.10', 'Zabra'],
        [CN, 'alice'],
      ],
      dnsNames: ['localhost'],
    });
    const { raw } = new X509Certificate(pem);
    assert.equal(certificateSubject(raw), 'CN=alice,O=Zabra');
  });

  it('makes nothing of other bytes', () => {
    const pem = new Authority().issue({ subject: [[CN, 'a']] });
    const { raw } = new X509Certificate(pem);
    for (let length = 0; length < 120; length += 7) {
      assert.equal(certificateSubject(raw.subarray(0, length)), null);
    }
    assert.equal(certificateSubject(der(0x30, der(0x30), der(0x30))), null);
  });

  it('outlives whatever is damaged in one', () => {
    const { raw } = new X509Certificate(new Authority().issue({ subject: [[CN, 'a']] }));
    const damage = fc.array(fc.tuple(fc.nat(raw.length - 1), fc.nat(255)), { maxLength: 4 });
    fc.assert(
      fc.property(damage, (changes) => {
        const bytes = Buffer.from(raw);
        for (const [at, byte] of changes) bytes[at] = byte;
        const subject = certificateSubject(bytes);
        assert.ok(subject === null || typeof subject === 'string');
      }),
    );
  });
});
