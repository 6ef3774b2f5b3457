/**
 * The files beside zoo.cfg in which configurations last: names, texts, and what a start makes of
 * them.
 */

import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'node:test';
import type { EnsembleConfig } from '../zab/ensemble-config.ts';
import { parseEnsembleText } from '../zab/ensemble-text.ts';
import {
  backupPath,
  checkWritable,
  dynamicPath,
  dynamicText,
  nextPath,
  staticText,
} from './dynamic-files.ts';
import { parseProperties } from './properties-file.ts';
import {
  directory,
  ENSEMBLE,
  type Given,
  load,
  refusal,
  useDirectory,
} from './zoo-cfg.test-kit.ts';

useDirectory();

function configOf(...lines: readonly string[]): EnsembleConfig {
  const { config, error } = parseEnsembleText(lines.join('\n'));
  assert.equal(error, null);
  return config as EnsembleConfig;
}

const ONE = 'server.1=a:2888:3888:participant;0.0.0.0:2181';
const TEN = 'server.10=b:2888:3888:observer;0.0.0.0:2181';
const TWO = 'server.2=c:2888:3888:participant';
const CONFIG = configOf(ONE, TWO, TEN, 'version=100000005');

describe('names', () => {
  it('stand beside zoo.cfg, with the version in hexadecimal digits', () => {
    assert.equal(dynamicPath('/c/zoo.cfg', CONFIG.version), '/c/zoo.cfg.dynamic.100000005');
    assert.equal(nextPath('/c/zoo.cfg'), '/c/zoo.cfg.dynamic.next');
    assert.equal(backupPath('/c/zoo.cfg'), '/c/zoo.cfg.bak');
  });
});

describe('dynamicText', () => {
  it('has its lines in the order of their text, and no line end behind the last', () => {
    assert.equal(dynamicText(CONFIG, false), [TEN, ONE, TWO].join('\n'));
  });

  it('has the version where the name does not say it', () => {
    assert.equal(dynamicText(CONFIG, true), [TEN, ONE, TWO, 'version=100000005'].join('\n'));
  });
});

describe('staticText', () => {
  const original = [
    '# who we are',
    'dataDir=/d',
    ' server.1 = a:2888:3888',
    'server.2=c:2888:3888:\\',
    '  participant',
    '',
    'clientPort=2181',
    'clientPortAddress=0.0.0.0',
    'clientPortListenBacklog=50',
    'group.1=1:2',
    'weight.1:2',
    'peerType=participant',
    'dynamicConfigFile=/old',
    'quorum.auth.server.saslLoginContext=Q',
    'password=a\\\\b',
    '',
  ].join('\n');

  it('loses the server list and the client port that its line has, and nothing else', () => {
    const wanted = [
      '# who we are',
      'dataDir=/d',
      '',
      'clientPortListenBacklog=50',
      'quorum.auth.server.saslLoginContext=Q',
      'password=a\\\\b',
      'dynamicConfigFile=/c/zoo.cfg.dynamic.1',
      '',
    ];
    const text = staticText(original, '/c/zoo.cfg.dynamic.1', 1, CONFIG);
    assert.equal(text, wanted.join('\n'));
    assert.equal(staticText(text, '/c/zoo.cfg.dynamic.1', 1, CONFIG), text);
  });

  it('keeps the client port where the line has none, or there is no line', () => {
    for (const sid of [2, 7]) {
      const keys = parseProperties(staticText(original, '/f', sid, CONFIG));
      assert.equal(keys.get('clientPort'), '2181');
      assert.equal(keys.get('clientPortAddress'), '0.0.0.0');
    }
  });

  it('ends the last line before it adds one', () => {
    assert.equal(staticText('a=1', '/f', 7, CONFIG), 'a=1\ndynamicConfigFile=/f\n');
    assert.equal(staticText('', '/f', 7, CONFIG), 'dynamicConfigFile=/f\n');
  });
});

describe('a start with reconfigEnabled', () => {
  const lines = [...ENSEMBLE, 'reconfigEnabled=true'];
  const next = 'zoo.cfg.dynamic.next';

  it('knows where to write, and that the list stands in zoo.cfg itself', () => {
    const { edge, peer } = load({ lines, myid: '1' });
    assert.equal(edge.configFile, path.join(directory(), 'zoo.cfg'));
    assert.equal(edge.backsUpConfig, true);
    assert.equal(peer.proposedEnsemble, null);
    assert.equal(load({ lines: ENSEMBLE, myid: '1' }).edge.configFile, null);
  });

  it('has nothing to back up where the list is in a file of its own', () => {
    const file = 'zoo.cfg.dynamic.5';
    const given: Given = {
      lines: lines
        .filter((line) => !line.startsWith('server'))
        .concat(`dynamicConfigFile=DIR/${file}`),
      myid: '1',
      files: { [file]: dynamicText(CONFIG, false) },
    };
    assert.equal(load(given).edge.backsUpConfig, false);
    assert.equal(load(given).peer.ensemble?.version, 5);
  });

  it('remembers what was proposed when it was last up', () => {
    const files = { [next]: dynamicText(CONFIG, true) };
    assert.deepEqual(load({ lines, myid: '1', files }).peer.proposedEnsemble, CONFIG);
    assert.equal(load({ lines: ENSEMBLE, myid: '1', files }).peer.proposedEnsemble, null);
  });

  it('is that of a member which only the proposed configuration lists', () => {
    const { peer } = load({ lines, myid: '10', files: { [next]: dynamicText(CONFIG, true) } });
    assert.equal(peer.sid, 10);
    assert.equal(peer.clientAddress.port, 2181);
  });

  it('is refused when what was proposed cannot be read', () => {
    const { message, code } = refusal({ lines, myid: '1', files: { [next]: 'server.1=x' } });
    assert.match(message, /dynamic\.next", a configuration that was proposed: .*"server.1=x"/);
    assert.equal(code, 2);
  });

  it('is refused to a server that is in no list, with what to do about it', () => {
    const { message } = refusal({ lines, myid: '9' });
    assert.match(message, /My id 9 is not in the server list: .* needs a server line of its own/);
  });

  it('is refused where nothing can be written down', () => {
    const absent = path.join(directory(), 'absent', 'zoo.cfg');
    assert.throws(
      () => checkWritable(absent),
      /^ConfigError: Cannot keep configurations in .*ENOENT/,
    );
  });
});
