/**
 * The door to the pure session machine, for owners other than the client of this package: a
 * simulator, a load generator, a client on another transport.
 */

export * from './chroot.ts';
export * from './connect-string.ts';
export * from './multi-request.ts';
export * from './request.ts';
export * from './requests.ts';
export * from './session-machine.ts';
export * from './session-options.ts';
export * from './session-ready.ts';
export * from './set-watches-request.ts';
export * from './watch-registry.ts';
export * from './watcher.ts';
