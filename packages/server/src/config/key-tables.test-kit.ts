/** The registry of configuration keys as the tables of docs/configuration.md. */

import { ACCEPTED_KEYS, type AcceptedKey } from './accepted-keys.ts';
import { type ConfigKey, OWN_PREFIX } from './config-key.ts';
import { KEYS } from './server-keys.ts';

/** One table for each marker `<!-- table: name -->` of the document. */
export function keyTables(): ReadonlyMap<string, string> {
  const rows: readonly ConfigKey<unknown>[] = Object.values(KEYS);
  const isOwn = ({ key }: ConfigKey<unknown>) => key?.startsWith(OWN_PREFIX) ?? false;
  const accepted = (effect: AcceptedKey['effect']) =>
    ACCEPTED_KEYS.filter((row) => row.effect === effect).map(acceptedLine);
  const acceptedHead = ['| key | property | rule | why |', '| --- | --- | --- | --- |'];
  const triggerHead = ['| setting | property | rule | why |', '| --- | --- | --- | --- |'];
  const usedHead = [
    '| key | property | default | unit | rule | meaning |',
    '| --- | --- | --- | --- | --- | --- |',
  ];
  const table = (head: readonly string[], lines: readonly string[]) =>
    [...head, ...lines].join('\n');
  return new Map([
    ['own', table(usedHead, rows.filter(isOwn).map(usedLine))],
    ['used', table(usedHead, rows.filter((row) => !isOwn(row)).map(usedLine))],
    ['refused', table(triggerHead, accepted('refuse'))],
    ['warned', table(triggerHead, accepted('warn'))],
    ['accepted', table(acceptedHead, accepted('none'))],
  ]);
}

function usedLine({ key, property, rule, unit, meaning }: ConfigKey<unknown>): string {
  const fallback = rule.fallback === '' ? '' : code(String(rule.fallback));
  // A literal is false while the word is not there: it has no default to speak of.
  const shown = rule.code === 'y' ? '' : fallback;
  return line([code(key), propertyCell(key, property), shown, unit, code(rule.code), meaning]);
}

function acceptedLine({ key, property, rule, effect, trigger, meaning }: AcceptedKey): string {
  const name = key ?? property ?? '';
  const value = trigger.startsWith('!') ? `anything but ${trigger.slice(1)}` : trigger;
  const setting = effect === 'none' ? name : `${name}=${value === '*' ? '...' : value}`;
  return line([code(setting), propertyCell(key, property), code(rule.code), meaning]);
}

function propertyCell(key: string | null, property: string | null): string {
  if (property === null) return '';
  if (property === `zookeeper.${key}`) return '`zookeeper.` + key';
  return property === key ? 'same' : code(property);
}

function line(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function code(text: string | null): string {
  return text === null || text === '' ? '' : `\`${text}\``;
}
