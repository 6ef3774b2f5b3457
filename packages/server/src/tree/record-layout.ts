/**
 * The bytes of one znode: where each field stands in its block.
 *
 *   offset bytes
 *    0     68    Stat in wire order, big-endian, but with the stored cversion and ephemeralOwner
 *   68      4    parent           ref; of a copy: the record it was taken of
 *   72      4    firstChild       ref
 *   76      4    next             ref of the next sibling, 0 for the last
 *   80      4    prev             ref of the sibling before; for the first: of the last
 *   84      4    aclId            int32
 *   88      2    pathBytes        or LONG_PATH: then an extent's number stands at the path's place
 *   90      2    units of the block, and flags
 *   92      4    data             where the data is if it is not behind the path
 *   96      4    contentCrc       CRC-32 over path and data; of a retired record: see retention.ts
 *  100      4    epoch            see retention.ts
 *  104      4    older            ref of the copy of an older version, 0 for none
 *  108           path, then data
 *
 * All integers behind the Stat are little-endian.
 */

/** Offsets in the record; the first ones are those of a Stat. */
export const CZXID = 0;
export const MZXID = 8;
export const CTIME = 16;
export const MTIME = 24;
export const VERSION = 32;
export const CVERSION = 36;
export const AVERSION = 40;
export const OWNER = 44;
export const DATA_LENGTH = 52;
export const CHILD_COUNT = 56;
export const PZXID = 60;
export const PARENT = 68;
export const FIRST_CHILD = 72;
export const NEXT = 76;
export const PREV = 80;
export const ACL_ID = 84;
export const PATH_BYTES = 88;
export const UNITS_AND_FLAGS = 90;
export const DATA = 92;
export const CONTENT_CRC = 96;
export const EPOCH = 100;
export const OLDER = 104;
export const HEADER_BYTES = 108;

export const UNITS_MASK = 0x3ff;
/** The znode has null data, which is not the same as empty data. */
export const FLAG_NULL_DATA = 0x400;
/** The znode counts in the tree digest. */
export const FLAG_DIGESTED = 0x800;
/** The znode is deleted; some reader still needs the record. */
export const FLAG_GHOST = 0x1000;

/** Longest path inside a record, bytes. */
export const PATH_INLINE_BYTES_MAX = 1024;
export const LONG_PATH = 0xffff;
export const EXTENT_ID_BYTES = 4;

/** Longest data inside a block, bytes. */
export const BLOCK_DATA_BYTES_MAX = 4096;
