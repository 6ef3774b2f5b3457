/**
 * Whether the members that a reconfig request asks for can form an ensemble: the checks that
 * ZooKeeper makes before it looks at the permission (client-protocol.md 16), without the one that
 * needs the new members to be connected. Knows the text of configurations, no server.
 */

import { ErrorCode } from '@zabra/protocol';
import type { ReconfigRequest } from '../ops/state-options.ts';
import type { EnsembleConfig } from '../zab/ensemble-config.ts';
import { formatEnsembleText, parseEnsembleText } from '../zab/ensemble-text.ts';

/** A majority of fewer is no ensemble. */
const VOTERS_MIN = 2;
const ANY_VERSION = -1;

export function judgeReconfig(current: string, request: ReconfigRequest): number {
  const { config } = parseEnsembleText(current);
  if (config === null) return ErrorCode.UNIMPLEMENTED;
  const { fromVersion, joining, leaving, newMembers } = request;
  if (fromVersion !== ANY_VERSION && fromVersion !== config.version) return ErrorCode.BADVERSION;
  if (newMembers !== null) return judgeText(newMembers.replaceAll(',', '\n'));
  // Groups and weights can only be given all at once.
  if (config.groups.size > 0) return ErrorCode.BADARGUMENTS;
  const gone = leaving === null ? [] : leaving.split(',').map((id) => id.trim());
  if (gone.some((id) => !/^[+-]?\d+$/.test(id))) return ErrorCode.MARSHALLINGERROR;
  return judgeText(changed(config, joining ?? '', new Set(gone.map(Number))));
}

/** The members that stay, with those that join or come back changed. */
function changed(config: EnsembleConfig, joining: string, gone: ReadonlySet<number>): string {
  const joined = joining.split(',');
  const keys = new Set(joined.map((entry) => entry.split('=', 1)[0]?.trim()));
  const members = config.members.filter(({ sid }) => !gone.has(sid) && !keys.has(`server.${sid}`));
  return [...joined, formatEnsembleText({ ...config, members })].join('\n');
}

function judgeText(text: string): number {
  const { config } = parseEnsembleText(text);
  const voters = config?.members.filter(({ role }) => role === 'participant').length ?? 0;
  return voters < VOTERS_MIN ? ErrorCode.BADARGUMENTS : ErrorCode.OK;
}
