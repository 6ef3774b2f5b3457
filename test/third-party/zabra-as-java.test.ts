/** The stand-in for `java` starts servers for one harness and refuses everything else aloud. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ROOT } from '../process/server-process.ts';

const JAVA = join(ROOT, 'test/third-party/zabra-as-java/java');
const MAIN = 'org.apache.zookeeper.server.quorum.QuorumPeerMain';
const CONFIG = join(ROOT, 'conf/zoo_sample.cfg');
const EXIT_REFUSED = 64;

describe('the stand-in for java refuses', () => {
  const refused: readonly (readonly [args: readonly string[], says: RegExp])[] = [
    [[], /wanted org.apache.*QuorumPeerMain and one configuration; got: $/m],
    [['-version'], /cannot tell what "-version" asks for; got: -version$/m],
    [['-cp'], /-cp wants a class path/],
    [['-D', MAIN, CONFIG], /cannot tell what "-D" asks for/],
    [['-cp', 'x', '-Xmx1g', MAIN, CONFIG], /cannot tell what "-Xmx1g" asks for/],
    [
      ['-cp', 'x', 'org.apache.zookeeper.ZooKeeperMain'],
      /what "org.apache.zookeeper.ZooKeeperMain/,
    ],
    [['-cp', 'x', MAIN], /and one configuration/],
    [['-cp', 'x', MAIN, CONFIG, 'more'], /and one configuration/],
    [['-cp', 'x', MAIN, '/nowhere/zoo.cfg'], /there is no file "\/nowhere\/zoo.cfg"/],
  ];
  for (const [args, says] of refused) {
    it(`java ${args.slice(0, 4).join(' ')}`, () => {
      const { status, stderr, stdout } = spawnSync(JAVA, args, { encoding: 'utf8' });
      assert.equal(status, EXIT_REFUSED);
      assert.match(stderr, says);
      assert.equal(stdout, '');
    });
  }
});
