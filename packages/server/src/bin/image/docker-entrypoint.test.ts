/** `bin/docker-entrypoint.sh`: what it writes, what it leaves alone, what it becomes. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { waitForWord } from '../program.test-kit.ts';
import { PodBed } from '../pod/pod.test-kit.ts';

let bed: PodBed;
beforeEach(async () => {
  bed = await PodBed.open();
  for (const name of ['conf', 'data', 'datalog', 'logs']) fs.mkdirSync(bed.at(name));
});
afterEach(() => bed.close());

function variables(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return {
    ZOO_CONF_DIR: bed.at('conf'),
    ZOO_DATA_DIR: bed.at('data'),
    ZOO_DATA_LOG_DIR: bed.at('datalog'),
    ZOO_LOG_DIR: bed.at('logs'),
    ZOO_PORT_NUMBER: String(bed.port),
    ...more,
  };
}

describe('docker-entrypoint.sh', () => {
  it('writes the configuration, becomes the server and ends with its code', async () => {
    const given = variables({ ZOO_4LW_COMMANDS_WHITELIST: 'ruok' });
    // By its path: the one named in the path of an image is another word for it.
    const script = new URL('../../../../../bin/zkServer.sh', import.meta.url).pathname;
    const program = bed.run('docker-entrypoint.sh', [script, 'start-foreground'], given);
    await waitForWord(bed.port, 'ruok', /^imok$/);
    program.process.kill('SIGTERM');
    assert.equal((await program.ended).code, 143);
    assert.equal(bed.text('data/myid'), '1\n');
    assert.ok(fs.existsSync(bed.at('datalog/version-2')));
    const line = `server.1=localhost:2888:3888;${bed.port}\n4lw.commands.whitelist=ruok\n`;
    assert.ok(bed.text('conf/zoo.cfg').endsWith(line));
  });

  it('leaves zoo.cfg and myid that are there, and adds the lines of a directory else', async () => {
    fs.mkdirSync(bed.at('conf/zoo.cfg.d'));
    fs.writeFileSync(bed.at('conf/zoo.cfg.d/10-more.cfg'), 'snapCount=7');
    fs.writeFileSync(bed.at('conf/zoo.cfg.d/notes.txt'), 'nothing');
    fs.writeFileSync(bed.at('data/myid'), '9\n');
    const flags = ['bash', '-c', 'echo "$SERVER_JVMFLAGS, $ZOOCFGDIR"'];
    const more = { SERVER_JVMFLAGS: '-Da=b', ZOO_HEAP_SIZE: '128' };
    const [code, out, err] = await bed.outcome('docker-entrypoint.sh', flags, variables(more));
    assert.deepEqual([code, out, err], [0, `-Xmx128M -Da=b, ${bed.at('conf')}\n`, '']);
    assert.ok(bed.text('conf/zoo.cfg').endsWith(`;${bed.port}\nsnapCount=7\n`));
    assert.equal(bed.text('data/myid'), '9\n');
    fs.writeFileSync(bed.at('conf/zoo.cfg'), '# mine\n');
    await bed.outcome('docker-entrypoint.sh', ['true'], variables());
    assert.equal(bed.text('conf/zoo.cfg'), '# mine\n');
  });

  it('keeps passwords to the user of the server', async () => {
    const login = { ZOO_ENABLE_AUTH: 'yes', ZOO_SERVER_USERS: 'u', ZOO_SERVER_PASSWORDS: 'p' };
    const [code] = await bed.outcome('docker-entrypoint.sh', ['true'], variables(login));
    assert.equal(code, 0);
    assert.equal(fs.statSync(bed.at('conf/zoo_jaas.conf')).mode & 0o777, 0o600);
    assert.match(bed.text('conf/zoo_jaas.conf'), /user_u="p";/);
  });

  it('does not start what cannot be, with one line', async () => {
    const refused = { ZOO_SERVERS: 'nonsense', JMXPORT: '1' };
    const [code, out, err] = await bed.outcome(
      'docker-entrypoint.sh',
      ['true'],
      variables(refused),
    );
    assert.deepEqual([code, out], [1, '']);
    assert.match(err, /^Cannot read the server "nonsense": .*\n$/);
    assert.deepEqual(fs.readdirSync(bed.at('conf')), []);
  });

  it('says in one line which variables mean nothing', async () => {
    const [code, , err] = await bed.outcome('docker-entrypoint.sh', ['true'], {
      ...variables(),
      JMXPORT: '1',
    });
    assert.deepEqual([code, err], [0, 'INFO JMXPORT: of no effect, there is no JVM\n']);
  });
});
