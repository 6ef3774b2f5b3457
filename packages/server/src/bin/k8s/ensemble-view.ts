/**
 * EnsembleView: a running ensemble as an operator's command sees it: the committed configuration
 * by a session that may change it, and each member by the word `srvr`, which opens no session.
 */

import type { ConnectionOptions } from 'node:tls';
import { connect, type Identity, type TlsOptions, type ZooKeeperClient } from '@zabra/client';
import type { EnsembleConfig, Member } from '../../zab/ensemble-config.ts';
import { parseEnsembleText } from '../../zab/ensemble-text.ts';
import { askWord, parseSrvr } from '../four-letter-word.ts';
import { hostOf, type MemberState, type MemberStates, parseZxid } from './leave-plan.ts';

export interface ViewOptions {
  /** Where to connect, `host:port,host:port`. */
  readonly servers: string;
  readonly auth: readonly Identity[];
  /** Port of members whose line has no client part. */
  readonly clientPort: number;
  /** Null: plain connections. */
  readonly tls: { readonly client: TlsOptions; readonly word: ConnectionOptions } | null;
}

const SESSION_TIMEOUT_MS = 20_000;
const ASK_MS_MAX = 3000;
const WILDCARDS: ReadonlySet<string> = new Set(['', '0.0.0.0', '::', '0:0:0:0:0:0:0:0']);

export class EnsembleView {
  readonly client: ZooKeeperClient;
  readonly #options: ViewOptions;

  private constructor(client: ZooKeeperClient, options: ViewOptions) {
    this.client = client;
    this.#options = options;
  }

  static async open(options: ViewOptions): Promise<EnsembleView> {
    const { servers, auth, tls } = options;
    const secured = tls === null ? {} : { tls: tls.client };
    const client = await connect(servers, {
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
      auth,
      ...secured,
    });
    return new EnsembleView(client, options);
  }

  async close(): Promise<void> {
    await this.client.close();
  }

  /** As committed, behind everything that was committed before. */
  async config(): Promise<EnsembleConfig> {
    await this.client.sync('/');
    const { data } = await this.client.getConfig();
    return parseConfig(data);
  }

  async states({ members }: EnsembleConfig): Promise<MemberStates> {
    const found = await Promise.all(
      members.map(async (member) => [member.sid, await this.#ask(member)] as const),
    );
    return new Map(found);
  }

  async #ask(member: Member): Promise<MemberState> {
    const { tls, clientPort } = this.#options;
    const listed = member.client;
    const host = listed === null || WILDCARDS.has(listed.host) ? hostOf(member) : listed.host;
    const port = listed?.port ?? clientPort;
    try {
      const { mode, zxid } = parseSrvr(
        await askWord(host, port, 'srvr', ASK_MS_MAX, tls?.word ?? null),
      );
      const reason = mode === null ? 'it has no leader' : '';
      return { mode, zxid: mode === null ? 0 : parseZxid(zxid), reason };
    } catch (error) {
      return { mode: null, zxid: 0, reason: (error as Error).message };
    }
  }
}

export function parseConfig(data: Uint8Array | null): EnsembleConfig {
  const text = Buffer.from(data ?? []).toString();
  const { config, error } = parseEnsembleText(text);
  if (config === null) throw new Error(`Cannot read the members from /zookeeper/config: ${error}`);
  if (config.members.length === 0) {
    throw new Error('Cannot change the members: this server stands alone, without a member list');
  }
  return config;
}
