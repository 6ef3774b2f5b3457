/**
 * Dates as ZooKeeper's shell and servers print them, in the zone of the machine that runs it:
 * `Mon Nov 23 19:34:27 UTC 2026` (operations.md 1.4, 4.5).
 */

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** A zone's letters (CET, JST) are known to the locale of a country that lies in it. */
const LOCALES = ['en-US', 'en-GB', 'en-AU', 'en-IN', 'en-NZ', 'en-ZA', 'ja-JP'];

export function dateText(ms: number): string {
  const date = new Date(ms);
  const day = `${DAYS[date.getDay()]} ${MONTHS[date.getMonth()]} ${two(date.getDate())}`;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${day} ${time} ${zoneLetters(date)} ${date.getFullYear()}`;
}

function zoneLetters(date: Date): string {
  // One after the other: each look-up costs more than all else here.
  for (const locale of LOCALES) {
    const name = zoneName(locale, date);
    if (!/^GMT.|^UTC./.test(name)) return name;
  }
  return zoneName('en-US', date);
}

function zoneName(locale: string, date: Date): string {
  const parts = new Intl.DateTimeFormat(locale, { timeZoneName: 'short' }).formatToParts(date);
  return parts.find(({ type }) => type === 'timeZoneName')?.value ?? 'UTC';
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
