/**
 * Recovery: one recovery from the first look to its end. From `begin` on the directories are locked
 * and known to be nobody's; it refuses while a server of either kind runs on them, and what it has
 * rehearsed is what it carries out.
 */

import path from 'node:path';
import { zxidToHex } from '@zabra/protocol';
import { ConfigError, EXIT_INVALID_CONFIG } from '../../config/config-error.ts';
import type { ServerSettings } from '../../config/settings.ts';
import { loadSettings } from '../../config/zoo-cfg.ts';
import type { DataLock } from '../data-lock.ts';
import { versionText } from '../version.ts';
import { carryOut, type Places } from './carry-out.ts';
import { claimData } from './claim.ts';
import { afterText, planText } from './plan-text.ts';
import { makePlan, type RecoveryPlan, type Wish } from './plan.ts';
import { examineSurvivor, storeOptionsOf } from './survivor.ts';

export class Recovery {
  readonly plan: RecoveryPlan;
  readonly #settings: ServerSettings;
  readonly #places: Places;
  readonly #lock: DataLock;

  private constructor(
    settings: ServerSettings,
    places: Places,
    plan: RecoveryPlan,
    lock: DataLock,
  ) {
    this.#settings = settings;
    this.#places = places;
    this.plan = plan;
    this.#lock = lock;
  }

  /** Throws ConfigError when a server runs, or the survivor or the wish is none. */
  static async begin(
    configFile: string,
    flags: readonly string[],
    wish: Wish,
    backup: string | null,
  ): Promise<Recovery> {
    const settings = loadSettings([...flags, configFile], process.env, versionText());
    const lock = await claimData(configFile, settings);
    try {
      const plan = makePlan(await examineSurvivor(settings), wish);
      if (typeof plan === 'string') throw new ConfigError(plan, EXIT_INVALID_CONFIG);
      const dataDir = path.dirname(settings.edge.directories.snap);
      const name = zxidToHex(plan.zxid);
      const places = {
        configFile,
        backup: path.resolve(backup ?? path.join(dataDir, `before-recovery-${name}`)),
        record: path.join(dataDir, `recovery-${name}.json`),
      };
      return new Recovery(settings, places, plan, lock);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  planText(): string {
    const { warning } = this.#lock;
    return `${planText(this.plan, this.#places)}${warning === null ? '' : `${warning}\n`}`;
  }

  afterText(): string {
    return afterText(this.plan, this.#places.configFile);
  }

  async carryOut(): Promise<void> {
    await carryOut({
      plan: this.plan,
      places: this.#places,
      settings: this.#settings,
      store: storeOptionsOf(this.#settings),
      versionText: versionText(),
      wallMs: Date.now(),
    });
  }

  async end(): Promise<void> {
    await this.#lock.release();
  }
}
