/**
 * The version as ZooKeeper's tools parse it: the release whose behaviour is kept, then our own
 * version, the revision it was made from, and when (operations.md 1.4). Parsers read the leading
 * digits and dots.
 */

import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The release of Apache ZooKeeper that is the measure of everything. */
export const ZOOKEEPER_VERSION = '3.9.5';

const HERE = fileURLToPath(import.meta.url);
const PACKAGE_DIRECTORY = path.resolve(path.dirname(HERE), '../..');
const REVISION_LENGTH = 40;

/** `3.9.5-zabra.0.1.0-<revision>, built on 2026-11-23 18:55 UTC` */
export function versionText(): string {
  const built = packageFile().built ?? fs.statSync(HERE).mtime.toISOString();
  const when = `${built.slice(0, 10)} ${built.slice(11, 16)} UTC`;
  return `${ZOOKEEPER_VERSION}-zabra.${packageVersion()}-${revision()}, built on ${when}`;
}

export function packageVersion(): string {
  return packageFile().version;
}

interface PackageFile {
  readonly version: string;
  /** Written into packages and images when they are made; not in a checkout. */
  readonly gitHead?: string;
  /** ISO 8601; in packages only, whose files bear no date. */
  readonly built?: string;
}

function packageFile(): PackageFile {
  const text = fs.readFileSync(path.join(PACKAGE_DIRECTORY, 'package.json'), 'utf8');
  return JSON.parse(text) as PackageFile;
}

/** What a package was made from, or the checkout that this runs from; zeros for neither. */
function revision(): string {
  const { gitHead } = packageFile();
  if (gitHead !== undefined) return gitHead;
  const git = path.resolve(PACKAGE_DIRECTORY, '../../.git');
  const head = readText(path.join(git, 'HEAD'));
  const ref = head.startsWith('ref: ') ? head.slice('ref: '.length) : null;
  const found = ref === null ? head : readText(path.join(git, ref)) || packedRef(git, ref);
  return /^[0-9a-f]{40}$/.test(found) ? found : '0'.repeat(REVISION_LENGTH);
}

function packedRef(git: string, ref: string): string {
  const lines = readText(path.join(git, 'packed-refs')).split('\n');
  return lines.find((line) => line.endsWith(` ${ref}`))?.slice(0, REVISION_LENGTH) ?? '';
}

function readText(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}
