/**
 * ConfigError: why a server cannot start, as one sentence for the operator and the exit code that
 * ZooKeeper's supervisors know (storage-and-config.md 15). Thrown at start only, never by a running
 * server.
 */

export const EXIT_UNEXPECTED = 1;
export const EXIT_INVALID_CONFIG = 2;
export const EXIT_DATA_DIRECTORY = 3;

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT_INVALID_CONFIG) {
    super(message);
    this.exitCode = exitCode;
  }
}
