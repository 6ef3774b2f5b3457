/**
 * The C client's shell, of Debian's package, against three servers: one session from its first
 * znode to the far side of a leader's death. The shell reads commands from its standard input and
 * says everything on its standard error.
 */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { describe, it } from 'node:test';
import { KIND, leaderKiller, withEnsemble } from '../interop/with-ensemble.ts';
import { waitFor } from '../process/wait-for.ts';

const SHELL = '/usr/lib/zookeeper/bin/cli_mt';
const ANSWER_TIMEOUT_MS = 30_000;

class CShell {
  readonly #child: ChildProcess;
  readonly #exit: Promise<number | null>;
  #said = '';

  constructor(hosts: string) {
    this.#child = spawn(SHELL, ['-h', hosts], { stdio: ['pipe', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8');
      stream?.on('data', (chunk: string) => {
        this.#said += chunk;
      });
    }
    this.#exit = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('exit', resolve);
    });
  }

  /** What was said from here on is asked for later, whatever it was that caused it. */
  mark(): number {
    return this.#said.length;
  }

  async heard(pattern: RegExp, from: number): Promise<RegExpExecArray> {
    return await waitFor(`${pattern} from the C shell`, ANSWER_TIMEOUT_MS, () =>
      pattern.exec(this.#said.slice(from)),
    ).catch((error: Error) => {
      throw new Error(`${error.message}; it said:\n${this.#said.slice(from)}`);
    });
  }

  /** Gives a command and waits for an answer of this form. */
  async command(line: string, pattern: RegExp): Promise<RegExpExecArray> {
    const from = this.mark();
    this.#child.stdin?.write(`${line}\n`);
    return await this.heard(pattern, from);
  }

  async quit(): Promise<number | null> {
    this.#child.stdin?.write('quit\n');
    const timer = setTimeout(() => this.end(), ANSWER_TIMEOUT_MS);
    const code = await this.#exit;
    clearTimeout(timer);
    return code;
  }

  end(): void {
    if (this.#child.exitCode === null) this.#child.kill('SIGKILL');
  }
}

const CONNECTED = /SESSION_EVENT state = CONNECTED_STATE/;

async function writesAndReads(shell: CShell): Promise<void> {
  await shell.command('create /c', /\[\/c\]: rc = 0\n\tname = \/c\n/);
  await shell.command('create /c', /\[\/c\]: rc = -110\n/);
  await shell.command('get /c', /\/c: rc = 0\n value_len = 3\nnew\nStat:\n/);
  await shell.command('set /c two words', /\/c: rc = 0 Stat:\n[^]*\tversion=1\t/);
  await shell.command('get /c', / value_len = 9\ntwo words\n/);
  await shell.command('create +s /c/s-', /rc = 0\n\tname = \/c\/s-0000000000\n/);
  await shell.command('create +s /c/s-', /rc = 0\n\tname = \/c\/s-0000000001\n/);
  await shell.command('create +e /c/e', /rc = 0\n\tname = \/c\/e\n/);
  await shell.command('create /c/e/child', /rc = -108\n/);
  await shell.command('get /c/none', /\/c\/none: rc = -101\n/);
  await shell.command('delete /c', /\/c: rc = -111\n/);
  await shell.command('sync /c', /\[\/c\]: rc = 0\n\tname = \/c\n/);
}

/** `get` and `ls` of this shell leave a watch; a lonely `wexists` waits for what is not there. */
async function watches(shell: CShell): Promise<void> {
  const from = shell.mark();
  await shell.command('ls /c', /\/c: rc = 0\n(?:\ts-000000000[01]\n|\te\n){3}time/);
  await shell.command('wexists /c/later', /Error -101 for \/c\/later\n/);
  await shell.command('create /c/later', /rc = 0\n\tname = \/c\/later\n/);
  await shell.heard(/CREATED_EVENT state = CONNECTED_STATE for path \/c\/later\n/, from);
  await shell.heard(/CHILD_EVENT state = CONNECTED_STATE for path \/c\n/, from);
  await shell.command('get /c/later', / value_len = 3\nnew\n/);
  await shell.command('set /c/later x', /CHANGED_EVENT state = CONNECTED_STATE for path/);
  await shell.command('get /c/later', / value_len = 1\nx\n/);
  await shell.command('delete /c/later', /DELETED_EVENT state = CONNECTED_STATE for path/);
}

async function outlivesTheLeader(
  shell: CShell,
  session: string,
  kill: (name: string) => Promise<void>,
): Promise<void> {
  await shell.command('wexists /c/after', /Error -101 for \/c\/after\n/);
  const from = shell.mark();
  await kill('kill-leader');
  // Whoever loses the leader closes its connections, so the shell connects again wherever it was.
  await shell.heard(CONNECTED, from);
  await shell.command('create /c/after', /rc = 0\n\tname = \/c\/after\n/);
  await shell.heard(/CREATED_EVENT state = CONNECTED_STATE for path \/c\/after\n/, from);
  await shell.command('get /c', / value_len = 9\ntwo words\n/);
  await shell.command('get /c/e', new RegExp(`ephemeralOwner = ${session}\\b`));
  await kill('restart');
}

describe(`the C client's shell against three ${KIND} servers`, () => {
  it('creates, reads, changes, watches, and outlives the death of a leader', async () => {
    await withEnsemble(3, async (ensemble) => {
      const shell = new CShell(ensemble.connectString);
      try {
        await shell.heard(CONNECTED, 0);
        const [, session = ''] = await shell.heard(/Got a new session id: 0x([0-9a-f]+)/, 0);
        await writesAndReads(shell);
        await watches(shell);
        await outlivesTheLeader(shell, session, leaderKiller(ensemble));
        assert.equal(await shell.quit(), 0);
        const second = new CShell(ensemble.connectString);
        try {
          await second.heard(CONNECTED, 0);
          await second.command('get /c/e', /\/c\/e: rc = -101\n/);
          await second.command('get /c', / value_len = 9\ntwo words\n/);
          assert.equal(await second.quit(), 0);
        } finally {
          second.end();
        }
      } finally {
        shell.end();
      }
    });
  });
});
