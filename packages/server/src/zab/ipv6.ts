/**
 * IPv6 literals in the one spelling that Java prints: eight hex groups, none shortened to `::`,
 * no leading zeros. Two members must print the same configuration as the same text.
 */

const GROUP_COUNT = 8;

/** The expanded form of an IPv6 literal, a zone kept as it is; null for anything else. */
export function expandIpv6(text: string): string | null {
  const percent = text.indexOf('%');
  const address = percent < 0 ? text : text.slice(0, percent);
  const zone = percent < 0 ? '' : text.slice(percent);
  const halves = address.split('::');
  if (halves.length > 2 || !address.includes(':')) return null;
  const head = groupsOf(halves[0] as string);
  const tail = halves.length === 2 ? groupsOf(halves[1] as string) : [];
  if (head === null || tail === null) return null;
  const missing = GROUP_COUNT - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  const zeros = halves.length === 2 ? Array.from({ length: missing }, () => '0') : [];
  return [...head, ...zeros, ...tail].join(':') + zone;
}

/** The groups of one side of `::`, a dotted IPv4 tail as two of them; null when malformed. */
function groupsOf(text: string): string[] | null {
  if (text === '') return [];
  const parts = text.split(':');
  const groups: string[] = [];
  for (const [index, part] of parts.entries()) {
    if (index === parts.length - 1 && part.includes('.')) {
      const pair = dottedGroups(part);
      if (pair === null) return null;
      groups.push(...pair);
      continue;
    }
    if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return null;
    groups.push(Number.parseInt(part, 16).toString(16));
  }
  return groups;
}

function dottedGroups(text: string): [string, string] | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return null;
  const [a, b, c, d] = match.slice(1).map(Number) as [number, number, number, number];
  if (Math.max(a, b, c, d) > 255) return null;
  return [((a << 8) | b).toString(16), ((c << 8) | d).toString(16)];
}
