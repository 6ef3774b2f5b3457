/**
 * What the process runs in, as ZooKeeper names it at the head of its log and in `envi`. Names that
 * speak of a JVM have no counterpart here but one: the version of what runs the program.
 */

import os from 'node:os';
import type { PeerConfig } from '../peer/peer-config.ts';
import { dateText } from './calendar.ts';

/** The environment, and how dates are written here. */
export function processSurroundings(): Pick<PeerConfig, 'environment' | 'dateText'> {
  return { environment: environment(), dateText };
}

function environment(): PeerConfig['environment'] {
  return [
    ['host.name', os.hostname()],
    ['node.version', process.version],
    ['os.name', os.type()],
    ['os.arch', os.arch()],
    ['os.version', os.release()],
    ['user.home', os.homedir()],
    ['user.dir', process.cwd()],
  ];
}
