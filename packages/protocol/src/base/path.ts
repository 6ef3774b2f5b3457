/**
 * Znode paths: the full validation rule, parent and base name, sequential suffix. Which operation
 * applies which part of the rule is the affair of the operations. From client-protocol.md 7.2 and
 * 7.6 (ZooKeeper's `PathUtils` and the `%010d` suffix).
 */

export const ROOT_PATH = '/';
export const ZOOKEEPER_PATH = '/zookeeper';
export const QUOTA_PATH = '/zookeeper/quota';
export const CONFIG_PATH = '/zookeeper/config';

const SLASH = 0x2f;
const DOT = 0x2e;

/**
 * Null when the path obeys the full rule, else the reason why not.
 * @example validatePath('/a//b') // 'empty name at 3'
 */
export function validatePath(path: string): string | null {
  if (path.length === 0) return 'path is empty';
  if (path.charCodeAt(0) !== SLASH) return 'path does not start with "/"';
  if (path.length === 1) return null;
  let nameStart = 1;
  for (let index = 1; index <= path.length; index++) {
    const unit = index < path.length ? path.charCodeAt(index) : SLASH;
    if (unit === SLASH) {
      const reason = validateName(path, nameStart, index);
      if (reason !== null) return reason;
      nameStart = index + 1;
    } else if ((unit < 0x20 || unit > 0x7e) && isForbidden(unit)) {
      return `character U+${unit.toString(16).toUpperCase().padStart(4, '0')} at ${index}`;
    }
  }
  return null;
}

function validateName(path: string, start: number, end: number): string | null {
  if (start === end) return end === path.length ? 'path ends with "/"' : `empty name at ${start}`;
  if (path.charCodeAt(start) !== DOT || end - start > 2) return null;
  if (end - start === 1 || path.charCodeAt(start + 1) === DOT) return `relative name at ${start}`;
  return null;
}

function isForbidden(unit: number): boolean {
  if (unit <= 0x1f) return true;
  if (unit >= 0x7f && unit <= 0x9f) return true;
  return (unit >= 0xd800 && unit <= 0xf8ff) || unit >= 0xfff0;
}

export function hasNul(path: string): boolean {
  return path.includes('\0');
}

/**
 * What stands before the last slash, `/` when that is nothing; the empty string for a text without
 * a slash, which names no parent at all.
 */
export function parentPath(path: string): string {
  const slash = path.lastIndexOf('/');
  if (slash > 0) return path.slice(0, slash);
  return slash === 0 ? ROOT_PATH : '';
}

/** What stands behind the last slash. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The final name of a sequential node: ten characters at least, a sign included in the width. */
export function sequentialName(path: string, counter: number): string {
  if (counter >= 0) return path + String(counter).padStart(10, '0');
  return `${path}-${String(-counter).padStart(9, '0')}`;
}
