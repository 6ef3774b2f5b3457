/**
 * What servers and the shell take from a JAAS file: the options of DIGEST-MD5 logins. Kerberos is
 * refused: nobody who relies on it may find the door open. Messages show no password.
 */

import fs from 'node:fs';
import { ConfigError, EXIT_UNEXPECTED } from './config-error.ts';
import type { ConfigValues } from './config-values.ts';
import { type LoginModule, parseJaas } from './jaas-file.ts';

const DIGEST_MODULE = 'org.apache.zookeeper.server.auth.DigestLoginModule';
const KERBEROS_MODULE = 'com.sun.security.auth.module.Krb5LoginModule';
const USER_PREFIX = 'user_';

/** The sections of that file, by name. */
export function readJaas(
  values: ConfigValues,
  file: string,
): ReadonlyMap<string, readonly LoginModule[]> {
  try {
    return parseJaas(fs.readFileSync(file, 'utf8'), (name) => values.property(name));
  } catch (error) {
    const { message } = error as Error;
    throw new ConfigError(`Cannot use the JAAS file "${file}": ${message}`, EXIT_UNEXPECTED);
  }
}

/** The options of each login; `where` names the section in a refusal. */
export function digestOptions(
  modules: readonly LoginModule[],
  where: string,
): readonly ReadonlyMap<string, string>[] {
  return modules.map(({ className, options }) => {
    if (className === KERBEROS_MODULE) {
      throw new ConfigError(`Cannot use ${where}: Kerberos is not supported, only DIGEST-MD5`);
    }
    if (className !== DIGEST_MODULE) {
      throw new ConfigError(`Cannot use ${where}: there is no login module "${className}"`);
    }
    return options;
  });
}

/** The passwords of the users that a section lists, as `user_<name>="..."`. */
export function saslUsersOf(modules: readonly LoginModule[], where: string): Map<string, string> {
  const users = new Map<string, string>();
  for (const options of digestOptions(modules, where)) {
    for (const [name, password] of options) {
      const user = name.startsWith(USER_PREFIX) ? name.slice(USER_PREFIX.length) : '';
      if (user !== '') users.set(user, password);
    }
  }
  return users;
}
