/**
 * The text of configurations: what is read, how it is written, and what each error says.
 */

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { memberOf } from './ensemble-config.ts';
import { formatEnsembleText, parseEnsembleEntries, parseEnsembleText } from './ensemble-text.ts';
import { expandIpv6 } from './ipv6.ts';
import { configOf } from './script-host.test-kit.ts';

test('the canonical text reads and writes as itself', () => {
  const texts = [
    'server.1=127.0.0.1:242:243:participant\nserver.2=127.0.0.1:244:245:observer\nversion=0',
    'server.1=a:1:2:participant;0.0.0.0:2181\nversion=100000000',
    'server.1=a:1:2|b:3:4:participant;[0:0:0:0:0:0:0:1]:2181\nversion=1f',
    'server.1=a:1:2:participant\nserver.2=b:1:2:participant\n' +
      'group.1=1:2\nweight.1=3\nweight.2=1\nversion=0',
  ];
  for (const text of texts) assert.equal(formatEnsembleText(configOf(text)), text);
});

test('a text is brought into the canonical form', () => {
  const rows: [string, string][] = [
    ['server.1=a:1:2', 'server.1=a:1:2:participant\nversion=0'],
    ['server.1=a:1:2;2181', 'server.1=a:1:2:participant;0.0.0.0:2181\nversion=0'],
    ['server.1=a:1:2:PARTICIPANT;', 'server.1=a:1:2:participant\nversion=0'],
    [
      ' server.2 = b:1:2 : observer \nserver.1=a:1:2',
      'server.1=a:1:2:participant\nserver.2=b:1:2:observer\nversion=0',
    ],
    ['server.1=z:1:2|[::1]:3:4', 'server.1=[0:0:0:0:0:0:0:1]:3:4|z:1:2:participant\nversion=0'],
    [
      'version=0000000200000001\nserver.1=a:1:2:participant',
      'server.1=a:1:2:participant\nversion=200000001',
    ],
    ['# note\n\nserver.1=a:1:2|b:1:2:participant', 'server.1=a:1:2|b:1:2:participant\nversion=0'],
  ];
  for (const [text, wanted] of rows) assert.equal(formatEnsembleText(configOf(text)), wanted);
});

test('the parts of a server line are where the grammar says', () => {
  const config = configOf(
    'server.7=[2001:db8::1]:2888:3888|h.example:2889:3889:observer;h:2181\nserver.1=x:1:2',
  );
  assert.deepEqual(memberOf(config, 7), {
    sid: 7,
    addresses: [
      { host: '2001:db8::1', quorumPort: 2888, electionPort: 3888 },
      { host: 'h.example', quorumPort: 2889, electionPort: 3889 },
    ],
    role: 'observer',
    client: { host: 'h', port: 2181 },
  });
  assert.equal(memberOf(config, 2), null);
});

test('each wrong text gives one sentence that says what is wrong', () => {
  const one = 'server.1=a:1:2\n';
  const rows: [string, RegExp][] = [
    ['', /no server line/],
    ['server.1', /has no "="/],
    ['server.x=a:1:2', /a server id is a number/],
    ['server.2147483648=a:1:2', /a server id is a number from 0 to 2147483647/],
    [`${one}server.257=b:1:2`, /server 257: its sessions would have the same ids as those of 1/],
    [`${one}server.1=b:1:2`, /server 1: it is given twice/],
    ['server.1=a:1', /is not host:quorumPort:electionPort/],
    ['server.1=a:1:2:participant:9', /is not host:quorumPort/],
    ['server.1=::1:1:2', /is not host:quorumPort/],
    ['server.1=[zz::1]:1:2', /is not an IPv6 address/],
    ['server.1=a:x:2', /"x" is not a quorum port/],
    ['server.1=a:1:65536', /"65536" is not an election port/],
    ['server.1=a:1:1', /are the same/],
    ['server.1=a:1:2:leader', /"leader" is not a role/],
    ['server.1=a:1:2:observer|b:1:2:participant', /different roles/],
    ['server.1=a:1:2;h:x', /"x" is not a client port/],
    ['server.1=a:1:2;1:2:3', /is not \[host:\]clientPort/],
    ['server.1=a:1:2;2181;2182', /more than one client part/],
    ['server.1=a:1:2:observer', /every server is an observer/],
    [`${one}version=xyz`, /version "xyz"/],
    [`${one}version=0\nversion=0`, /wanted one hex number/],
    [`${one}clientPort=2181`, /key "clientPort"/],
    [`${one}groupies=1`, /wanted group\.<number>/],
    [`${one}group.1=1\ngroup.1=1`, /group 1: it is given twice/],
    [`${one}group.1=x`, /"x" is not a server id/],
    [`${one}group.1=2`, /server 1 is in 0 of them/],
    [`${one}group.1=1\ngroup.2=1`, /server 1 is in 2 of them/],
    [`${one}weight.1=2`, /server 1 is in 0 of them/],
    [`${one}group.1=1\nweight.1=-1`, /a weight is a number/],
    [`${one}group.1=1\nweights=1`, /wanted weight\.<server id>/],
  ];
  for (const [text, wanted] of rows) {
    const { config, error } = parseEnsembleText(text);
    assert.equal(config, null, text);
    assert.match(String(error), wanted, text);
  }
});

test('entries of zoo.cfg are read without a version line', () => {
  const { config } = parseEnsembleEntries([['server.1', 'a:1:2']], 5);
  assert.equal(config?.version, 5);
  assert.match(String(parseEnsembleEntries([['version', '1']], 0).error), /key "version"/);
});

test('IPv6 literals are expanded as Java prints them', () => {
  const rows: [string, string | null][] = [
    ['::1', '0:0:0:0:0:0:0:1'],
    ['::', '0:0:0:0:0:0:0:0'],
    ['2001:DB8::0001', '2001:db8:0:0:0:0:0:1'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
    ['::ffff:10.0.0.1', '0:0:0:0:0:ffff:a00:1'],
    ['fe80::1%eth0', 'fe80:0:0:0:0:0:0:1%eth0'],
    ['1:2:3:4:5:6:7', null],
    ['1:2:3:4:5:6:7:8:9', null],
    ['1::2::3', null],
    ['12345::', null],
    ['::ffff:10.0.0.256', null],
    ['name', null],
  ];
  for (const [text, wanted] of rows) assert.equal(expandIpv6(text), wanted, text);
});

test('no text makes the parser throw, and what it accepts it writes and reads again', () => {
  const line = fc.oneof(
    fc.string(),
    fc.stringMatching(/^(server|group|weight)\.[0-9]{1,3}=[a-c:0-9;|[\]]{0,20}$/),
    fc.constantFrom('server.1=a:1:2', 'server.2=b:1:2:observer', 'group.1=1', 'version=1'),
  );
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const { config } = parseEnsembleText(lines.join('\n'));
      if (config === null) return;
      const text = formatEnsembleText(config);
      assert.equal(formatEnsembleText(configOf(text)), text);
    }),
  );
});
