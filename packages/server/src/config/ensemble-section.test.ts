/** Whether there is an ensemble, who is in it, which of them this is; `myid` and dynamic files. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  ENSEMBLE,
  type Given,
  load,
  notes,
  refusal,
  SERVERS,
  STANDALONE,
  useDirectory,
} from './zoo-cfg.test-kit.ts';

useDirectory();

const REFUSED: readonly (readonly [string, Given, number, RegExp])[] = [
  [
    'no participant with standaloneEnabled=false',
    { lines: [...STANDALONE, 'standaloneEnabled=false'] },
    2,
    /no participant/,
  ],
  ['observers alone', { lines: [...STANDALONE, 'server.1=a:1:2:observer'] }, 2, /observer/],
  [
    'observers with one participant',
    { lines: [...STANDALONE, 'server.1=a:1:2', 'server.2=b:1:2:observer'] },
    2,
    /observers with one participant/,
  ],
  ['an id that is not in the list', { lines: ENSEMBLE, myid: '9' }, 1, /My id 9 is not in/],
  ['a myid with a blank behind it', { lines: ENSEMBLE, myid: '1 \n' }, 2, /not a number/],
  ['an empty myid', { lines: STANDALONE, myid: '' }, 2, /not a number/],
  ['no myid', { lines: ENSEMBLE }, 2, /myid" is missing/],
  [
    'an id of 255 with extended types',
    {
      lines: [...ENSEMBLE, 'server.255=d:2888:3888', 'extendedTypesEnabled=true'],
      myid: '255',
    },
    1,
    /above 254/,
  ],
  [
    'a voter that is in no group',
    { lines: [...ENSEMBLE, 'group.1=1:2'], myid: '1' },
    2,
    /server 3 is in 0/,
  ],
];

describe('readEnsembleSection', () => {
  it('runs alone without a server list, with sid 1 whatever myid says', () => {
    const { peer, edge } = load({ lines: STANDALONE, myid: '7\n' });
    assert.equal(peer.ensemble, null);
    assert.equal(peer.sid, 1);
    assert.equal(edge.myid, '');
  });

  it('runs alone with one server line, and says so', () => {
    const given = { lines: [...STANDALONE, SERVERS[0] ?? ''], myid: '1' };
    assert.equal(load(given).peer.ensemble, null);
    assert.match(notes(given), /the server line is ignored/);
  });

  it('is an ensemble of one when standaloneEnabled is false', () => {
    const lines = [
      ...ENSEMBLE.filter((line) => !/^server\.[23]/.test(line)),
      'standaloneEnabled=false',
    ];
    assert.equal(load({ lines, myid: '1' }).peer.ensemble?.members.length, 1);
  });

  it('is a member of an ensemble of three', () => {
    const { peer, edge } = load({ lines: ENSEMBLE, myid: '2\n' });
    assert.equal(peer.sid, 2);
    assert.equal(edge.myid, '2');
    assert.deepEqual(
      peer.ensemble?.members.map(({ sid }) => sid),
      [1, 2, 3],
    );
    assert.equal(peer.initLimitTicks, 10);
    assert.equal(peer.syncLimitTicks, 5);
  });
});

describe('readEnsembleSection, together with static keys', () => {
  it('takes the client address of its server line, and none where neither has one', () => {
    const lines = ENSEMBLE.filter((line) => line !== 'clientPort=2181');
    const own = [...lines, 'server.1=a:2888:3888;127.0.0.1:2191'];
    assert.deepEqual(load({ lines: own, myid: '1' }).peer.clientAddress, {
      host: '127.0.0.1',
      port: 2191,
    });
    assert.equal(load({ lines, myid: '1' }).peer.clientAddress.port, -1);
    assert.match(notes({ lines, myid: '1' }), /clientPort is not set/);
  });

  it('lets a wildcard static address agree with a concrete one of the same port', () => {
    const lines = [...ENSEMBLE, 'server.1=a:2888:3888;127.0.0.1:2181'];
    assert.equal(load({ lines, myid: '1' }).peer.clientAddress.host, '127.0.0.1');
  });

  it('warns when peerType and the server list differ', () => {
    const given = { lines: [...ENSEMBLE, 'peerType=observer'], myid: '1' };
    assert.match(notes(given), /peerType is observer, the server list says participant/);
  });

  it('reads groups and weights', () => {
    const lines = [...ENSEMBLE, 'group.1=1:2', 'group.2=3', 'weight.3=2'];
    const { peer } = load({ lines, myid: '1' });
    assert.deepEqual(
      [...(peer.ensemble?.groups ?? [])],
      [
        [1, [1, 2]],
        [2, [3]],
      ],
    );
    assert.equal(peer.ensemble?.weights.get(3), 2);
  });

  for (const [name, given, code, says] of REFUSED) {
    it(`refuses ${name} with exit code ${code}`, () => {
      const { code: found, message } = refusal(given);
      assert.match(message, says);
      assert.equal(found, code);
    });
  }
});

describe('readEnsembleSection, dynamic files', () => {
  const fixed = [...STANDALONE, 'initLimit=10', 'syncLimit=5', 'dynamicConfigFile=DIR/zoo.dyn.1a'];
  const dynamic = { 'zoo.dyn.1a': SERVERS.join('\n') };

  it('reads the members from the file and the version from its name', () => {
    const { peer } = load({ lines: fixed, myid: '1', files: dynamic });
    assert.equal(peer.ensemble?.members.length, 3);
    assert.equal(peer.ensemble?.version, 0x1a);
  });

  it('has version 0 where the name says none', () => {
    const lines = fixed.map((line) => line.replace('zoo.dyn.1a', 'zoo.cfg.dynamic'));
    const files = { 'zoo.cfg.dynamic': SERVERS.join('\n') };
    assert.equal(load({ lines, myid: '1', files }).peer.ensemble?.version, 0);
  });

  const refused: readonly (readonly [string, Given, RegExp])[] = [
    [
      'server lines in both files',
      { lines: [...fixed, 'server.4=d:1:2'], files: dynamic },
      /belongs into/,
    ],
    ['a file that is not there', { lines: fixed }, /Cannot read dynamicConfigFile/],
    ['a version key', { lines: fixed, files: { 'zoo.dyn.1a': 'version=1' } }, /"version"/],
    ['any other key', { lines: fixed, files: { 'zoo.dyn.1a': 'tickTime=1' } }, /"tickTime"/],
  ];
  for (const [name, given, says] of refused) {
    it(`refuses ${name}`, () => assert.match(refusal(given).message, says));
  }
});
