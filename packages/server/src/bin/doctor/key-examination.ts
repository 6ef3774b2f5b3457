/**
 * What becomes of each key of zoo.cfg and of each system property: honoured, without effect,
 * refused, unknown. The registries of `config/` decide; here is only the sentence. Values are
 * shown where the server's own messages show them, and nowhere else.
 */

import { ACCEPTED_KEYS, ACCEPTED_PREFIXES, isTriggered } from '../../config/accepted-keys.ts';
import { isKnownProvider } from '../../config/authentication-settings.ts';
import { ConfigError } from '../../config/config-error.ts';
import { type ConfigKey, spelling } from '../../config/config-key.ts';
import { ConfigValues, isDynamicKey } from '../../config/config-values.ts';
import { KEYS } from '../../config/server-keys.ts';
import { type Findings, someOf } from './findings.ts';

export interface KeyReport {
  /** As it was spelt, in zoo.cfg or as a property. */
  readonly name: string;
  readonly source: 'zoo.cfg' | 'property';
  readonly verdict: 'honoured' | 'no effect' | 'ignored' | 'refused' | 'bad' | 'unknown';
  /** Why, where it is not honoured. */
  readonly reason: string;
}

type Judgement = Pick<KeyReport, 'verdict' | 'reason'>;

const HONOURED: Judgement = { verdict: 'honoured', reason: '' };
const PROVIDER = /^(?:zookeeper\.)?authProvider\./;
const FAMILY = /^(?:zookeeper\.)?(?:authProvider|superUser)\./;
/** Of the virtual machine and its libraries, not of ZooKeeper. */
const JVM_PROPERTY = /^(?!zookeeper\.|zabra\.)/;

export function examineKeys(
  entries: ReadonlyMap<string, string>,
  properties: ReadonlyMap<string, string>,
  findings: Findings,
): readonly KeyReport[] {
  const values = new ConfigValues(entries, properties);
  const reports: KeyReport[] = [];
  for (const [name, text] of entries) {
    reports.push({ name, source: 'zoo.cfg', ...judge(name, text, 'key', values) });
  }
  for (const [name, text] of properties) {
    // What zoo.cfg sets as well wins.
    const isOverridden = entries.has(name.replace(/^zookeeper\./, '')) || entries.has(name);
    if (isOverridden && name !== KEYS.memory.property) continue;
    reports.push({ name, source: 'property', ...judge(name, text, 'property', values) });
  }
  tell(reports, findings);
  for (const [name, text] of [...entries, ...properties]) {
    if (!PROVIDER.test(name) || isKnownProvider(text)) continue;
    findings.add('AUTH-PROVIDER', `${name} names the class "${text}"`);
  }
  return reports;
}

function judge(
  name: string,
  text: string,
  spelt: 'key' | 'property',
  values: ConfigValues,
): Judgement {
  const own = rowOf(Object.values<ConfigKey<unknown>>(KEYS), name, spelt);
  if (own !== undefined) return readable(own, values) ?? HONOURED;
  if (FAMILY.test(name)) return HONOURED;
  const accepted = rowOf(ACCEPTED_KEYS, name, spelt);
  if (accepted !== undefined) {
    const bad = readable(accepted, values);
    if (bad !== null) return bad;
    const sentence = `"${spelling(accepted)}=${text}": ${accepted.meaning}`;
    if (!isTriggered(accepted, text)) return { verdict: 'no effect', reason: accepted.meaning };
    return { verdict: accepted.effect === 'refuse' ? 'refused' : 'ignored', reason: sentence };
  }
  if (spelt === 'key' && isDynamicKey(name)) return HONOURED;
  if (ACCEPTED_PREFIXES.some((prefix) => name.startsWith(prefix))) {
    return { verdict: 'no effect', reason: 'its family has no counterpart' };
  }
  return { verdict: 'unknown', reason: unknownReason(name, spelt) };
}

/** Some keys are properties only: in zoo.cfg nobody reads them, in Apache's server neither. */
function unknownReason(name: string, spelt: 'key' | 'property'): string {
  const isPropertyOnly = Object.values<ConfigKey<unknown>>(KEYS).some(
    (row) => row.key === null && row.property === name,
  );
  if (spelt === 'key' && isPropertyOnly) return `only -D${name}=... sets it`;
  return '';
}

function rowOf<Row extends ConfigKey<unknown>>(
  rows: readonly Row[],
  name: string,
  spelt: 'key' | 'property',
): Row | undefined {
  return rows.find((row) => row[spelt] === name);
}

/** Null when the server can read the value. */
function readable(row: ConfigKey<unknown>, values: ConfigValues): Judgement | null {
  try {
    values.get(row);
    return null;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { verdict: 'bad', reason: error.message };
  }
}

function tell(reports: readonly KeyReport[], findings: Findings): void {
  const those = (verdict: KeyReport['verdict']) =>
    reports.filter((report) => report.verdict === verdict);
  for (const { reason } of those('bad')) findings.add('KEY-BAD', reason);
  for (const { reason } of those('refused')) findings.add('KEY-REFUSED', reason);
  for (const { reason } of those('ignored')) findings.add('KEY-IGNORED', reason);
  const unknown = those('unknown');
  for (const { name, source, reason } of unknown) {
    if (source === 'zoo.cfg') {
      findings.add('KEY-UNKNOWN', reason === '' ? `"${name}"` : `"${name}": ${reason}`);
    } else if (!JVM_PROPERTY.test(name)) findings.add('KEY-UNKNOWN', `"-D${name}"`);
  }
  const foreign = unknown.filter(({ name, source }) => {
    return source === 'property' && JVM_PROPERTY.test(name);
  });
  if (foreign.length > 0) {
    findings.add('PROPERTY-UNKNOWN', someOf(foreign.map(({ name }) => `-D${name}`)));
  }
  const idle = those('no effect').map(({ name }) => name);
  if (idle.length > 0) findings.add('KEYS-WITHOUT-EFFECT', someOf(idle));
}
