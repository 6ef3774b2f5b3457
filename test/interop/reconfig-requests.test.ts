/**
 * Requests for reconfiguration of every shape, right and wrong: two servers of ours answer them as
 * two servers of Apache's do, which are asked the same in the same order.
 */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { it } from 'node:test';
import { ChangingEnsemble } from '../process/changing-ensemble.ts';
import { ROOT, type ServerKind } from '../process/server-process.ts';
import { runScript } from './client-script.ts';
import { CACHE } from './with-ensemble.ts';

const SCRIPT_TIMEOUT_MS = 120_000;

/** Where Apache answers -5, because it trips, and we say what is wrong. */
const DIFFERENT: Readonly<Record<string, readonly [apache: string, zabra: string]>> = {
  'a port that is none': ['MarshallingError -5', 'BadArgumentsError -8'],
};

/** What two servers of that kind answer, with names for the ports that no two runs share. */
async function answersOf(kind: ServerKind): Promise<string[]> {
  let answers: string[] = [];
  await ChangingEnsemble.run([kind, kind], async (ensemble) => {
    const lines = [1, 2].map((sid) => ensemble.line(sid));
    for (const sid of [1, 2]) ensemble.start(sid, [...lines, 'standaloneEnabled=true']);
    for (const sid of [1, 2]) await ensemble.server(sid).waitUntilServing(60_000);
    const leader = await ensemble.leader(1, 2);
    const { facts } = await runScript(
      'python3',
      [join(ROOT, 'test/interop/reconfig_requests.py'), ensemble.connectString(leader), ...lines],
      { PYTHONPATH: join(CACHE, 'kazoo-2.10.0') },
      () => Promise.reject(new Error('The script asks for nothing')),
      SCRIPT_TIMEOUT_MS,
    );
    answers = facts.map((fact) => {
      let text = fact;
      for (const sid of [1, 2]) {
        for (const which of ['client', 'quorum', 'election'] as const) {
          text = text.replaceAll(String(ensemble.port(sid, which)), `${which}-${sid}`);
        }
      }
      return text;
    });
  });
  return answers;
}

it('is answered like that of an Apache server, whatever it is', async () => {
  const wanted = (await answersOf('apache-3.9.5')).map((line) => {
    const [name = '', answer = ''] = line.split(': ');
    const [apache, zabra] = DIFFERENT[name] ?? [answer, answer];
    assert.equal(answer, apache, name);
    return answer === '' ? line : `${name}: ${zabra}`;
  });
  assert.ok(wanted.length > 60, `${wanted.length} answers`);
  assert.deepEqual(await answersOf('zabra'), wanted);
});
