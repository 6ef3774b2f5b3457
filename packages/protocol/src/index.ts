/**
 * The public door of the protocol package: everything of `base` (words without a world) and `wire`
 * (bytes to words and back). It adds nothing of its own.
 */

export * from './base/adler32.ts';
export * from './base/assert.ts';
export * from './base/base64.ts';
export * from './base/bytes.ts';
export * from './base/crc32.ts';
export * from './base/error-code.ts';
export * from './base/int64.ts';
export * from './base/limits.ts';
export * from './base/path.ts';
export * from './base/prng.ts';
export * from './base/ring.ts';
export * from './base/session-password.ts';
export * from './base/text.ts';
export * from './base/zxid.ts';
export * from './wire/acl.ts';
export * from './wire/connect.ts';
export * from './wire/digest-directives.ts';
export * from './wire/digest-login.ts';
export * from './wire/digest-response.ts';
export * from './wire/frame-reader.ts';
export * from './wire/held-bytes.ts';
export * from './wire/init-message.ts';
export * from './wire/jute-reader.ts';
export * from './wire/jute-writer.ts';
export * from './wire/keeper-records.ts';
export * from './wire/multi.ts';
export * from './wire/notification.ts';
export * from './wire/opcode.ts';
export * from './wire/operation-table.ts';
export * from './wire/quorum-auth-packet.ts';
export * from './wire/quorum-packet-reader.ts';
export * from './wire/quorum-packet.ts';
export * from './wire/record-table.ts';
export * from './wire/records.ts';
export * from './wire/requests.ts';
export * from './wire/responses.ts';
export * from './wire/sid.ts';
export * from './wire/stat.ts';
export * from './wire/txns.ts';
