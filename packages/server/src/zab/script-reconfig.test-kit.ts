/**
 * What a role under test asks about configurations, played by hand: a transaction whose text begins
 * with a server line proposes that configuration, and a change ends the role when the test says so.
 */

import { utf8Decode, zxidToHex } from '@zabra/protocol';
import type { EnsembleConfig } from './ensemble-config.ts';
import { parseEnsembleText } from './ensemble-text.ts';
import type { ReconfigHost } from './reconfig-host.ts';

export class ScriptReconfig implements ReconfigHost {
  /** Why the next change ends the role; null: it does not. */
  end: string | null = null;
  /** Seen and not committed. */
  proposed: EnsembleConfig | null = null;
  readonly #committed: () => EnsembleConfig;
  readonly #deeds: string[];

  constructor(committed: () => EnsembleConfig, deeds: string[]) {
    this.#committed = committed;
    this.#deeds = deeds;
  }

  get lastSeen(): EnsembleConfig {
    return this.proposed ?? this.#committed();
  }

  configIn(buffer: Uint8Array, start: number, end: number): EnsembleConfig | null {
    const text = utf8Decode(buffer, start, end);
    return text.startsWith('server.') ? parseEnsembleText(text).config : null;
  }

  onProposed(config: EnsembleConfig): void {
    this.proposed = config;
    this.#deeds.push(`proposed ${config.members.map(({ sid }) => sid)}`);
  }

  onCommitted(zxid: number, leaderSid: number): string | null {
    this.#deeds.push(`activate ${zxidToHex(zxid)} ${leaderSid}`);
    return this.end;
  }

  onEpoch(): void {}

  onEstablished(): string | null {
    return this.end;
  }

  onNewLeader(text: string): void {
    this.#deeds.push(`ensemble ${text}`);
  }

  onUpToDate(): string | null {
    return this.end;
  }
}
