/**
 * The commands about permissions and identities: getAcl, setAcl, addauth, whoami (operations.md
 * 4.5).
 */

import { isZooKeeperError } from '@zabra/client';
import { parseAcl } from './acl-text.ts';
import { parseArguments } from './argument-parser.ts';
import { type Command, type CommandContext, intValue, usage } from './command.ts';
import type { ShellClient } from './shell-client.ts';
import { keeperLine, ShellFailure } from './shell-failure.ts';
import { checkPath } from './shell-path.ts';
import { subtreePaths } from './subtree.ts';

type Acls = Parameters<ShellClient['setACL']>[1];

export const getAclCommand: Command = {
  name: 'getAcl',
  syntax: '[-s] path',
  async run({ client, printer }, tokens) {
    const args = parseArguments(tokens, 's');
    const [path] = args.words;
    if (path === undefined) throw usage(this);
    checkPath(path);
    const { acl, stat } = await client.getACL(path);
    printer.acl(acl);
    if (args.has('s')) printer.stat(stat);
  },
};

export const setAclCommand: Command = {
  name: 'setAcl',
  syntax: '[-s] [-v version] [-R] path acl',
  async run(context, tokens) {
    const args = parseArguments(tokens, 'sv:R');
    const [path, aclText] = args.words;
    if (path === undefined || aclText === undefined) throw usage(this);
    const acl = parseAcl(aclText, (line) => context.printer.errorLine(line));
    const versionText = args.value('v');
    const version = versionText === undefined ? undefined : intValue('v', versionText);
    checkPath(path);
    if (acl.length === 0) throw new ShellFailure('Acl is not valid : null');
    if (args.has('R')) return setSubtree(context, path, acl, version);
    const stat = await context.client.setACL(path, acl, { version });
    if (args.has('s') || context.printer.printsStats) context.printer.stat(stat);
  },
};

export const addauthCommand: Command = {
  name: 'addauth',
  syntax: 'scheme auth',
  async run({ client }, tokens) {
    const [scheme, auth = ''] = parseArguments(tokens, '').words;
    if (scheme === undefined) throw usage(this);
    const accepted = client.addAuth(scheme, auth);
    // Without a connection there is nobody to accept it yet; it is claimed on the next one.
    if (client.state === 'CONNECTING') accepted.catch(() => {});
    else await accepted;
  },
};

export const whoamiCommand: Command = {
  name: 'whoami',
  syntax: '',
  async run({ client, printer }, tokens) {
    parseArguments(tokens, '');
    printer.identities(await client.whoAmI());
  },
};

/** Goes on after a refusal, which the original prints without an end of line. */
async function setSubtree(
  { client, printer }: CommandContext,
  top: string,
  acl: Acls,
  version: number | undefined,
): Promise<void> {
  let isWhole = true;
  const paths = await subtreePaths(client, top);
  for (const path of paths) {
    try {
      await client.setACL(path, acl, { version });
    } catch (error) {
      if (!isZooKeeperError(error)) throw error;
      printer.raw(keeperLine(error.code, error.path));
      isWhole = false;
    }
  }
  if (!isWhole) throw new ShellFailure('');
}
