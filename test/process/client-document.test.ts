/**
 * The examples of docs/client.md: each is a program of its own that runs against three of our
 * servers and prints what its comments say. Only addresses are put in their place.
 */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { ClientBed } from './client-bed.test-kit.ts';
import { ROOT } from './server-process.ts';

const run = promisify(execFile);
const TIMEOUT_MS = 60_000;

const TEXT = readFileSync(join(ROOT, 'docs/client.md'), 'utf8');

interface Example {
  /** The heading that it stands under. */
  readonly heading: string;
  readonly code: string;
  /** The lines that it says it prints. */
  readonly prints: readonly string[];
}

function examplesIn(text: string): Example[] {
  let heading = '';
  return text.split(/^(?=## |```js$)/m).flatMap((part) => {
    heading = /^## (.*)/.exec(part)?.[1] ?? heading;
    const code = /^```js\n([^]*?)\n```$/m.exec(part)?.[1];
    if (code === undefined) return [];
    const comments = [...code.matchAll(/console\.log\(.*\);(?: \/\/ (.*))?$/gm)];
    return [{ heading, code, prints: comments.flatMap(([, said = '']) => said.split(' // ')) }];
  });
}

/** A module: the imports in front, `zk` where the example does not make its own, then the rest. */
function moduleOf(code: string, servers: string): string {
  const isImport = (line: string): boolean => line.startsWith('import ');
  const lines = code.replaceAll(/'(?:127|zk1)[\w.:,]*(\/app)?'/g, `'${servers}$1'`).split('\n');
  const makesClient = /^const zk = /m.test(code);
  return [
    ...lines.filter(isImport),
    ...(makesClient
      ? []
      : [
          "import { connect as connectClient } from '@zabra/client';",
          `const zk = await connectClient('${servers}');`,
        ]),
    ...lines.filter((line) => !isImport(line)),
    ...(makesClient ? [] : ['await zk.close();']),
  ].join('\n');
}

describe('the examples of docs/client.md', { concurrency: 1 }, () => {
  const examples = examplesIn(TEXT);
  const directory = mkdtempSync(join(tmpdir(), 'zabra-document-'));
  let bed: ClientBed;
  before(async () => {
    bed = await ClientBed.start('zabra');
    await using zk = await bed.connect();
    await zk.create('/app');
    const { ca, cert } = bed.as('me');
    writeFileSync(join(directory, 'ca.pem'), String(ca));
    writeFileSync(join(directory, 'me.pem'), String(cert));
    symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  });
  after(async () => {
    await bed.end(false);
    rmSync(directory, { recursive: true });
  });

  it('are there', () => {
    const headings = new Set(examples.map(({ heading }) => heading));
    for (const wanted of ['A first program', 'Who the client is', 'Operations', 'Watches']) {
      assert.ok(headings.has(wanted), `There is no example under "${wanted}"`);
    }
  });

  for (const [index, { heading, code, prints }] of examples.entries()) {
    it(`${heading}, example ${index + 1}, prints what it says`, async () => {
      assert.ok(
        prints.length > 0 && !prints.includes(''),
        'a line that says nothing of its output',
      );
      const file = join(directory, `example-${index}.mjs`);
      writeFileSync(file, moduleOf(code, bed.ensemble.connectString));
      const options = { cwd: directory, timeout: TIMEOUT_MS };
      const { stdout, stderr } = await run(process.execPath, [file], options);
      assert.deepEqual(stdout.trimEnd().split('\n'), prints);
      assert.equal(stderr, '');
    });
  }
});
