/**
 * The files in which configurations of the ensemble last, beside zoo.cfg (storage-and-config.md
 * 12.6): what they are called and what stands in them. Members of either kind read each other's.
 *
 *   zoo.cfg.dynamic.<hex version>  the committed configuration, without a version line
 *   zoo.cfg.dynamic.next           one that was proposed and is not committed, with a version line
 *   zoo.cfg.bak                    zoo.cfg as it was before the server wrote to it first
 *
 * zoo.cfg itself loses its server lines and names the file of the committed configuration. Apache's
 * server writes it anew in another order and without comments; this one leaves the rest as it is.
 */

import fs from 'node:fs';
import path from 'node:path';
import { zxidToHex } from '@zabra/protocol';
import type { EnsembleConfig } from '../zab/ensemble-config.ts';
import { formatEnsembleText, parseEnsembleText } from '../zab/ensemble-text.ts';
import { ConfigError } from './config-error.ts';
import { isDynamicKey, isKnownKey } from './config-values.ts';
import { decodeProperties, withoutKeys } from './properties-file.ts';

export function dynamicPath(configFile: string, version: number): string {
  return `${configFile}.dynamic.${zxidToHex(version)}`;
}

export function nextPath(configFile: string): string {
  return `${configFile}.dynamic.next`;
}

export function backupPath(configFile: string): string {
  return `${configFile}.bak`;
}

/** Lines in the order of their text; the version stands in the name, or in the text. */
export function dynamicText(config: EnsembleConfig, withVersion: boolean): string {
  const lines = formatEnsembleText(config).split('\n').sort();
  return lines.filter((line) => withVersion || !line.startsWith('version=')).join('\n');
}

/**
 * zoo.cfg without its server lines and with the name of the file that has them. The client port
 * goes as well when our own server line says where clients come in.
 */
export function staticText(
  text: string,
  dynamicFile: string,
  sid: number,
  to: EnsembleConfig,
): string {
  const own = to.members.find((member) => member.sid === sid);
  const hasClientPart = own !== undefined && own.client !== null;
  const rest = withoutKeys(text, (key) => {
    if (isDynamicKey(key) && !isKnownKey(key)) return true;
    if (key.startsWith('clientPort') && key !== 'clientPortListenBacklog') return hasClientPart;
    return key.startsWith('dynamicConfigFile') || key.startsWith('peerType');
  });
  const separator = rest === '' || rest.endsWith('\n') ? '' : '\n';
  return `${rest}${separator}dynamicConfigFile=${dynamicFile}\n`;
}

/** The configuration that was proposed when the server was last up; null when there is none. */
export function readProposed(configFile: string): EnsembleConfig | null {
  const file = nextPath(configFile);
  if (!fs.existsSync(file)) return null;
  const { config, error } = parseEnsembleText(decodeProperties(fs.readFileSync(file)));
  if (config !== null) return config;
  throw new ConfigError(
    `Cannot read "${file}", a configuration that was proposed: ${error}. Remove it only if no ` +
      'reconfiguration was under way',
  );
}

/** A member that may not forget what it acknowledged must be able to write it down. */
export function checkWritable(configFile: string): void {
  const directory = path.dirname(configFile);
  try {
    fs.accessSync(directory, fs.constants.W_OK);
  } catch (error) {
    throw new ConfigError(
      `Cannot keep configurations in "${directory}", where reconfigEnabled=true puts them: ` +
        (error as Error).message,
    );
  }
}
