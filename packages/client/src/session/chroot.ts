/**
 * Chroot: the prefix that a client puts before the paths it sends and takes off the paths it gets,
 * so that a program sees its part of the tree as the whole. Purely a matter of the client: servers
 * know nothing of it. From client-protocol.md 18.
 */

import { ROOT_PATH } from '@zabra/protocol';

export class Chroot {
  /** The path of the client's root on the server; empty for no chroot, never a lone slash. */
  readonly prefix: string;

  constructor(prefix: string) {
    this.prefix = prefix === ROOT_PATH ? '' : prefix;
  }

  toServer(path: string): string {
    if (this.prefix === '') return path;
    return path === ROOT_PATH ? this.prefix : this.prefix + path;
  }

  /** A path outside the chroot (that of the configuration, say) comes back as it is. */
  toClient(serverPath: string): string {
    const { prefix } = this;
    if (prefix === '' || !serverPath.startsWith(prefix)) return serverPath;
    if (serverPath.length === prefix.length) return ROOT_PATH;
    return serverPath.startsWith('/', prefix.length) ? serverPath.slice(prefix.length) : serverPath;
  }
}
