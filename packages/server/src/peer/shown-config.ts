/**
 * What /zookeeper/config says: the last reconfiguration that the state has taken in, or what this
 * server was told of otherwise. Its mzxid is the version of the text.
 */

import { CONFIG_PATH, JuteReader, JuteWriter } from '@zabra/protocol';
import type { NodeStore } from '../tree/node-store.ts';
import type { EnsembleConfig } from '../zab/ensemble-config.ts';
import { parseEnsembleText } from '../zab/ensemble-text.ts';

/** -1 when there is no such znode. */
export function shownVersion(nodes: NodeStore): number {
  const ref = nodes.find(CONFIG_PATH);
  return ref === 0 ? -1 : nodes.mzxid(ref);
}

/** Null when there is none, or it cannot be read. */
export function shownConfig(nodes: NodeStore): EnsembleConfig | null {
  const ref = nodes.find(CONFIG_PATH);
  if (ref === 0) return null;
  const w = new JuteWriter();
  nodes.writeData(ref, w);
  const text = new JuteReader().reset(w.toBytes(), 0, w.position).string();
  return parseEnsembleText(text ?? '').config;
}
