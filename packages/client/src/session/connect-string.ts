/**
 * The connect string: `host:port,host:port/chroot`. The port may be left out (2181), an IPv6
 * address with a port stands in brackets, a chroot of `/` means none. Names are not resolved here:
 * whoever dials does that, at each dial. From client-protocol.md 18.
 */

import { validatePath } from '@zabra/protocol';

export const CLIENT_PORT_DEFAULT = 2181;

const PORT_MAX = 65535;

export interface ServerAddress {
  /** Name or address, an IPv6 address without its brackets. */
  readonly host: string;
  readonly port: number;
}

export interface ConnectTarget {
  /** In the order written; at least one. */
  readonly servers: readonly ServerAddress[];
  /** Empty for none, else a valid path. */
  readonly chroot: string;
}

/**
 * The reason, as a sentence without an end, when the string says no such thing.
 * @example parseConnectString('zk1,zk2:2182/app') // two servers and chroot '/app'
 */
export function parseConnectString(text: string): ConnectTarget | string {
  const slash = text.indexOf('/');
  const list = slash < 0 ? text : text.slice(0, slash);
  const path = slash < 0 ? '/' : text.slice(slash);
  const fault = validatePath(path);
  if (fault !== null) return `the chroot "${path}" is no valid path: ${fault}`;
  const servers: ServerAddress[] = [];
  for (const item of list.split(',')) {
    const part = item.trim();
    if (part === '') continue;
    const server = parseServer(part);
    if (server === null) return `"${part}" is not host:port`;
    servers.push(server);
  }
  if (servers.length === 0) return 'it names no server';
  return { servers, chroot: path === '/' ? '' : path };
}

/** `host:port`, with an IPv6 address in brackets. */
export function serverText({ host, port }: ServerAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function parseServer(text: string): ServerAddress | null {
  const bracketed = /^\[([^\]]+)\](?::(\d+))?$/.exec(text);
  if (bracketed !== null) return makeServer(bracketed[1] as string, bracketed[2]);
  const colon = text.indexOf(':');
  // More than one colon outside brackets can only be a bare IPv6 address.
  if (colon < 0 || text.indexOf(':', colon + 1) >= 0) return makeServer(text, undefined);
  return makeServer(text.slice(0, colon), text.slice(colon + 1));
}

function makeServer(host: string, portText: string | undefined): ServerAddress | null {
  if (host === '' || /[\s[\]]/.test(host)) return null;
  if (portText === undefined) return { host, port: CLIENT_PORT_DEFAULT };
  if (!/^\d{1,5}$/.test(portText)) return null;
  const port = Number(portText);
  return port >= 1 && port <= PORT_MAX ? { host, port } : null;
}
