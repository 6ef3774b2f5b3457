/**
 * Every bound of the system that is not configuration, and the defaults of those that are: one
 * constant each, with its unit and the reason for its value. A bound that two rooms share must
 * stand here, so that both sides of a wire agree on it.
 */

/**
 * Default of `jute.maxbuffer`, bytes: the largest frame a server accepts from a client. Equality
 * is accepted. One byte under 1 MiB, as in every ZooKeeper since 3.4.
 */
export const JUTE_MAXBUFFER_DEFAULT = 0xfffff;

/** Smallest value of the extra size below; a decoder never works with less slack than this. */
export const JUTE_MAXBUFFER_EXTRA_MIN = 1024;

/**
 * Default of `zookeeper.jute.maxbuffer.extrasize`, bytes: slack for headers that a server adds to
 * what a client sent, so that a request that was accepted can be proposed and logged.
 */
export const JUTE_MAXBUFFER_EXTRA_DEFAULT = JUTE_MAXBUFFER_DEFAULT;

/**
 * Longest buffer or string that a jute decoder accepts by default, bytes. Java learners close the
 * connection, and Java servers refuse the log, above it.
 */
export const JUTE_BYTES_MAX_DEFAULT = JUTE_MAXBUFFER_DEFAULT + JUTE_MAXBUFFER_EXTRA_DEFAULT;

/** Longest election notification, bytes without the length; Java closes the connection above. */
export const NOTIFICATION_BYTES_MAX = 524288;

/** Longest address text in the INIT message of an election connection, bytes. */
export const INIT_ADDRESS_BYTES_MAX = 2048;

/**
 * Most identities that one REQUEST packet may carry. Java has no such bound; a client has one per
 * auth scheme and credential, so more than this is a desynchronised stream.
 */
export const AUTH_IDS_MAX = 65536;

/** Longest authinfo of one packet, bytes; bounds what a learner connection can make us keep. */
export const AUTH_BYTES_MAX = 16 * 1024 * 1024;

/**
 * Most identities of one client connection, and the characters of their names together. Java has no
 * such bounds; but each `auth` is compared with all that came before, and a learner sends all of
 * them with each write that it forwards.
 */
export const CONNECTION_IDENTITIES_MAX = 128;
export const CONNECTION_IDENTITY_CHARACTERS_MAX = 16 * 1024;

/** Length of a session password, bytes; the C client reads exactly this many. */
export const PASSWORD_BYTES = 16;

/** Encoded length of a Stat, bytes. */
export const STAT_BYTES = 68;

/** Encoded length of the persisted Stat of snapshots, bytes. */
export const STAT_PERSISTED_BYTES = 60;

/** Encoded length of a RequestHeader, bytes; a shorter frame closes the connection. */
export const REQUEST_HEADER_BYTES = 8;

/** Encoded length of a ReplyHeader, bytes. */
export const REPLY_HEADER_BYTES = 16;

/** Encoded length of a TxnHeader, bytes. */
export const TXN_HEADER_BYTES = 32;

/** Encoded length of a quorum packet with null data and null authinfo, bytes. */
export const QUORUM_PACKET_BYTES_MIN = 20;

/**
 * Path characters that one setWatches request may carry, so that it stays far below the frame
 * limit of any server (client-protocol.md 18).
 */
export const SET_WATCHES_CHARACTERS_MAX = 128 * 1024;
