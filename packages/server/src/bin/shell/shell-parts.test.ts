/**
 * The parts of the shell alone: words, options, ACLs, paths, dates, hex tables.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatAcl, parseAcl } from './acl-text.ts';
import { parseArguments } from './argument-parser.ts';
import { dateText } from '../../config/calendar.ts';
import { splitLine } from './command-line.ts';
import { Printer } from './printer.ts';
import { parseShellOptions } from './shell-options.ts';
import { checkNewPath, checkPath } from './shell-path.ts';

const LINES: readonly [string, string[]][] = [
  ['', []],
  ['   ', []],
  ['ls /', ['ls', '/']],
  ['  ls   /  ', ['ls', '/']],
  ['create /a "two words"', ['create', '/a', 'two words']],
  ['create /a \'it is "so"\'', ['create', '/a', 'it is "so"']],
  ['create /a ""', ['create', '/a', '']],
  ['create /a b"c', ['create', '/a', 'b"c']],
  ['create /a {"k":"v"}', ['create', '/a', '{"k":"v"}']],
];

for (const [line, words] of LINES) {
  test(`splitLine makes ${words.length} words of <${line}>`, () => {
    assert.deepEqual(splitLine(line), words);
  });
}

const ARGUMENTS: readonly [string, string][] = [
  ['', 'words='],
  ['/a b', 'words=/a,b'],
  ['-s /a', 's words=/a'],
  ['/a -s', 's words=/a'],
  ['-sw /a', 's w words=/a'],
  ['-v 3 /a', 'v=3 words=/a'],
  ['-v3 /a', 'v=3 words=/a'],
  ['-v=3 /a', 'v=3 words=/a'],
  ['-sv 3 /a', 's v=3 words=/a'],
  ['-v -5 /a', 'v=-5 words=/a'],
  ['-v 1 -v 2 /a', 'v=1 words=/a'],
  ['/a - b', 'words=/a,-,b'],
  ['/a -- -s', 'words=/a,-s'],
  ['-add x,y', 'add=x,y words='],
  ['-v', 'MissingArgumentException: Missing argument for option: v'],
  ['-v -s /a', 'MissingArgumentException: Missing argument for option: v'],
  ['-add -s', 'MissingArgumentException: Missing argument for option: add'],
  ['-z /a', 'UnrecognizedOptionException: Unrecognized option: -z'],
  ['-sz /a', 'UnrecognizedOptionException: Unrecognized option: -sz'],
  ['--s /a', 'UnrecognizedOptionException: Unrecognized option: --s'],
  ['/a -5', 'UnrecognizedOptionException: Unrecognized option: -5'],
];

for (const [line, wanted] of ARGUMENTS) {
  test(`parseArguments reads <${line}> as ${wanted}`, () => {
    let found: string;
    try {
      const args = parseArguments(splitLine(line), 'swv:', ['add']);
      const options = args.names.map((name) => {
        const value = args.value(name);
        return value === undefined ? name : `${name}=${value}`;
      });
      found = [...options, `words=${args.words.join(',')}`].join(' ');
    } catch (error) {
      found = (error as Error).message.replace('org.apache.commons.cli.', '');
    }
    assert.equal(found, wanted);
  });
}

const OPTIONS: readonly [string, object][] = [
  ['', { servers: 'localhost:2181', timeoutMs: 30000, readOnly: false, command: [], notes: [] }],
  ['-server a:1/x ls /', { servers: 'a:1/x', command: ['ls', '/'] }],
  ['-r -timeout 5000', { readOnly: true, timeoutMs: 5000, command: [] }],
  ['-nosuch -server a ls -server b', { servers: 'a', command: ['ls', '-server', 'b'] }],
  ['-server', { notes: ['Error: no argument found for option -server'] }],
  ['-client-configuration f ls /', { command: ['ls', '/'] }],
  ['-timeout x ls', { timeoutMs: 30000, command: ['ls'] }],
];

for (const [line, wanted] of OPTIONS) {
  test(`parseShellOptions reads <${line}>`, () => {
    const options = parseShellOptions(splitLine(line));
    assert.deepEqual({ ...options, ...wanted }, options);
  });
}

const ACLS: readonly [string, string, string[]][] = [
  ['world:anyone:cdrwa', "'world,'anyone\n: cdrwa\n", []],
  ['world:anyone:wr', "'world,'anyone\n: rw\n", []],
  ['digest:bob:X1SK=:r,ip:10.0.0.0/8:a', "'digest,'bob:X1SK=\n: r\n'ip,'10.0.0.0/8\n: a\n", []],
  ['auth::cd', "'auth,'\n: cd\n", []],
  ['x509:CN=a%b}:r', "'x509,'CN=a%25b%7D\n: r\n", []],
  ['world:anyone:', "'world,'anyone\n: \n", []],
  ['world:anyone:r,', "'world,'anyone\n: r\n", []],
  ['world:anyone:rx', "'world,'anyone\n: r\n", ['Unknown perm type: x']],
  ['world', '', ['world does not have the form scheme:id:perm']],
  ['', '', [' does not have the form scheme:id:perm']],
];

for (const [text, printed, complaints] of ACLS) {
  test(`parseAcl reads <${text}>`, () => {
    const heard: string[] = [];
    const acl = parseAcl(text, (line) => heard.push(line));
    assert.equal(formatAcl(acl), printed);
    assert.deepEqual(heard, complaints);
  });
}

const PATHS: readonly [string, string | null][] = [
  ['/', null],
  ['/a/b', null],
  ['', 'Path length must be > 0'],
  ['a', 'Path must start with / character'],
  ['/a/', 'Path must not end with / character'],
  ['/a//b', 'Invalid path string "/a//b" caused by empty node name specified @3'],
  ['/a/./b', 'Invalid path string "/a/./b" caused by relative paths not allowed @3'],
  ['/a\0b', 'Invalid path string "/a\0b" caused by null character not allowed @2'],
  ['/a\u0001', 'Invalid path string "/a\u0001" caused by invalid character @2'],
];

for (const [path, wanted] of PATHS) {
  test(`checkPath says ${JSON.stringify(wanted)} of ${JSON.stringify(path)}`, () => {
    if (wanted === null) assert.doesNotThrow(() => checkPath(path));
    else assert.throws(() => checkPath(path), { message: wanted });
  });
}

test('checkNewPath lets a sequential path end where its number begins', () => {
  assert.doesNotThrow(() => checkNewPath('/a/', true));
  assert.throws(() => checkNewPath('/a/', false));
});

const ZONES: readonly [string, string][] = [
  ['UTC', 'Mon Nov 23 19:04:07 UTC 2026'],
  ['Europe/Berlin', 'Mon Nov 23 20:04:07 CET 2026'],
  ['America/New_York', 'Mon Nov 23 14:04:07 EST 2026'],
  ['Asia/Tokyo', 'Tue Nov 24 04:04:07 JST 2026'],
  ['Asia/Kolkata', 'Tue Nov 24 00:34:07 IST 2026'],
];

for (const [zone, text] of ZONES) {
  test(`dateText prints the time in ${zone} as ${text}`, () => {
    const before = process.env['TZ'];
    process.env['TZ'] = zone;
    try {
      assert.equal(dateText(Date.UTC(2026, 10, 23, 19, 4, 7)), text);
    } finally {
      process.env['TZ'] = before ?? 'UTC';
    }
  });
}

test('Printer prints sixteen bytes a row and dots for what is no letter', () => {
  let printed = '';
  const sink = { write: (text: string) => (printed += text) };
  const printer = new Printer(sink, sink);
  printer.dataHex(Uint8Array.from({ length: 17 }, (_, index) => 0x7b + index));
  const rows = printed.split('\n').slice(3, 5);
  assert.deepEqual(rows, [
    '|00000000| 7b 7c 7d 7e 7f 80 81 82 83 84 85 86 87 88 89 8a |{|}~............|',
    '|00000010| 8b                                              |.               |',
  ]);
});
