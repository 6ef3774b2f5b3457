/**
 * The door to the pure session machine, for owners other than the client of this package: a
 * simulator, a load generator, a client on another transport.
 */

export * from './chroot.ts';
export * from './connect-string.ts';
export * from './keeper-requests.ts';
export * from './multi-request.ts';
export * from './request.ts';
export * from './requests.ts';
export * from './sasl-login.ts';
export * from './session-grant.ts';
export * from './session-machine.ts';
export * from './session-options.ts';
export * from './session-ready.ts';
export * from './set-watches-request.ts';
export * from './watch-registry.ts';
export * from './watch-requests.ts';
export * from './watcher.ts';
