/**
 * TreeLoader: reads the body of a snapshot, items 2 to 5 of storage-and-config.md 5.1, out of bytes
 * that come in pieces of any size, and fills a fresh tree and a session table:
 *
 *   body    = int count, session*, int count, acl*, node*, "/"
 *   session = long id, int timeoutMs
 *   acl     = long id, vector of ACL
 *   node    = ustring path, buffer data, long aclId, StatPersisted
 *
 * A record that is cut is held until the rest comes; none is longer than its lengths allow. ACL ids
 * of the file are replaced by our own, since they mean nothing beyond it; one that the file does
 * not explain is kept as an ACL that nobody knows. What stands behind the body is not touched.
 */

import { copyInto, EMPTY_BYTES, JuteReader, readAclVector, utf8Decode } from '@zabra/protocol';
import { ACL_ID_OPEN } from './acl-table.ts';
import type { DataTree } from './data-tree.ts';
import type { SessionTable } from './session-table.ts';
import { INCOMPLETE, INVALID, ItemSizes, NODE_TAIL_BYTES } from './snapshot-items.ts';

const SLASH = 0x2f;
const EMPTY_VIEW = new DataView(EMPTY_BYTES.buffer);
const HELD_BYTES_MIN = 4096;

const Phase = { SESSION_COUNT: 0, SESSIONS: 1, ACL_COUNT: 2, ACLS: 3, NODES: 4, END: 5 } as const;
type Phase = (typeof Phase)[keyof typeof Phase];

export class TreeLoader {
  readonly #tree: DataTree;
  readonly #sessions: SessionTable;
  readonly #sizes: ItemSizes;
  readonly #reader: JuteReader;
  #phase: Phase;
  /** Sessions or ACLs that are still to come. */
  #left: number;
  #error: string | null;
  /** The id's low half to our id, by the id's high half. */
  readonly #aclIds: Map<number, Map<number, number>>;
  /** The parent of the last znode: the next one mostly has the same. */
  #parent: number;
  /** The beginning of a record whose rest has not come. */
  #held: Uint8Array;
  #heldView: DataView;
  #heldBytes: number;

  /** `recordBytesMax` bounds each path, buffer and text, as `jute.maxbuffer` does. */
  constructor(tree: DataTree, sessions: SessionTable, recordBytesMax: number) {
    tree.empty();
    sessions.clear();
    this.#tree = tree;
    this.#sessions = sessions;
    this.#sizes = new ItemSizes(recordBytesMax);
    this.#reader = new JuteReader(recordBytesMax);
    this.#phase = Phase.SESSION_COUNT;
    this.#left = 0;
    this.#error = null;
    this.#aclIds = new Map();
    this.#parent = 0;
    this.#held = EMPTY_BYTES;
    this.#heldView = EMPTY_VIEW;
    this.#heldBytes = 0;
  }

  /** True once the terminator was read: tree and sessions are complete. */
  get ended(): boolean {
    return this.#phase === Phase.END;
  }

  /** What is wrong with the body; tree and sessions are then of no use. */
  get error(): string | null {
    return this.#error;
  }

  /** Bytes consumed of buffer[start, end): all, unless the body ended before or is wrong. */
  push(buffer: Uint8Array, start: number, end: number): number {
    let position = start;
    if (this.#heldBytes > 0) position = this.#completeHeld(buffer, start, end);
    const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    while (this.#isReading()) {
      const bytes = this.#itemBytes(view, position, end);
      if (bytes === INCOMPLETE) {
        this.#hold(buffer, position, end);
        return end - start;
      }
      this.#take(buffer, view, position, bytes);
      if (bytes !== INVALID) position += bytes;
    }
    return position - start;
  }

  #isReading(): boolean {
    return this.#error === null && this.#phase !== Phase.END;
  }

  /** Moves bytes behind those held until they make a record; returns the position behind it. */
  #completeHeld(buffer: Uint8Array, start: number, end: number): number {
    let position = start;
    while (position < end && this.#heldBytes > 0) {
      const more = Math.min(end - position, Math.max(this.#heldBytes, HELD_BYTES_MIN));
      this.#hold(buffer, position, position + more);
      position += more;
      const bytes = this.#itemBytes(this.#heldView, 0, this.#heldBytes);
      if (bytes === INCOMPLETE) continue;
      // The record ends among the bytes just added: what is behind it is still the buffer's.
      if (bytes !== INVALID) position -= this.#heldBytes - bytes;
      this.#heldBytes = 0;
      this.#take(this.#held, this.#heldView, 0, bytes);
    }
    return position;
  }

  #hold(buffer: Uint8Array, start: number, end: number): void {
    const bytes = this.#heldBytes + end - start;
    if (bytes > this.#held.length) {
      const grown = new Uint8Array(Math.max(HELD_BYTES_MIN, this.#held.length * 2, bytes));
      copyInto(grown, 0, this.#held, 0, this.#heldBytes);
      this.#held = grown;
      this.#heldView = new DataView(grown.buffer);
    }
    copyInto(this.#held, this.#heldBytes, buffer, start, end);
    this.#heldBytes = bytes;
  }

  #itemBytes(view: DataView, start: number, end: number): number {
    switch (this.#phase) {
      case Phase.SESSIONS:
        return this.#sizes.session(start, end);
      case Phase.ACLS:
        return this.#sizes.acl(view, start, end);
      case Phase.NODES:
        return this.#sizes.node(view, start, end);
      default:
        return this.#sizes.count(start, end);
    }
  }

  #take(buffer: Uint8Array, view: DataView, start: number, bytes: number): void {
    if (bytes === INVALID) {
      this.#error = this.#sizes.error;
      return;
    }
    switch (this.#phase) {
      case Phase.SESSION_COUNT:
        this.#expect(view.getInt32(start), Phase.SESSIONS, Phase.ACL_COUNT);
        return;
      case Phase.SESSIONS:
        this.#sessions.put(
          view.getInt32(start),
          view.getInt32(start + 4),
          view.getInt32(start + 8),
        );
        this.#countDown(Phase.ACL_COUNT);
        return;
      case Phase.ACL_COUNT:
        this.#expect(view.getInt32(start), Phase.ACLS, Phase.NODES);
        return;
      case Phase.ACLS:
        this.#takeAcl(buffer, view, start, start + bytes);
        this.#countDown(Phase.NODES);
        return;
      default:
        this.#takeNode(buffer, view, start);
    }
  }

  /** A count that is not positive announces nothing, as in Java. */
  #expect(count: number, phase: Phase, otherwise: Phase): void {
    this.#left = Math.max(count, 0);
    this.#phase = this.#left > 0 ? phase : otherwise;
  }

  #countDown(next: Phase): void {
    this.#left--;
    if (this.#left === 0) this.#phase = next;
  }

  #takeAcl(buffer: Uint8Array, view: DataView, start: number, end: number): void {
    const acl = readAclVector(this.#reader.reset(buffer, start + 8, end));
    if (acl === null || this.#reader.failed) {
      this.#error = 'An ACL of the table is null';
      return;
    }
    const id = this.#tree.acls.load(acl);
    this.#setAclId(view.getInt32(start), view.getInt32(start + 4), id);
  }

  #takeNode(buffer: Uint8Array, view: DataView, start: number): void {
    const pathStart = start + 4;
    const pathEnd = pathStart + view.getInt32(start);
    if (pathEnd - pathStart === 1 && buffer[pathStart] === SLASH) {
      this.#end();
      return;
    }
    const dataLength = view.getInt32(pathEnd);
    const dataStart = pathEnd + 4;
    const aclStart = dataStart + Math.max(dataLength, 0);
    const { nodes } = this.#tree;
    const parent = this.#findParent(buffer, pathStart, pathEnd);
    if (this.#error !== null) return;
    if (nodes.findBytes(buffer, pathStart, pathEnd) !== 0) {
      this.#fail(buffer, pathStart, pathEnd, 'is there twice');
      return;
    }
    this.#tree.loadNode(
      parent,
      buffer,
      pathStart,
      pathEnd,
      dataStart,
      dataLength,
      this.#aclIdOf(view.getInt32(aclStart), view.getInt32(aclStart + 4)),
      view,
      aclStart + NODE_TAIL_BYTES.aclId,
    );
  }

  /** 0 for the root; sets `#error` for a path whose parent has not come. */
  #findParent(buffer: Uint8Array, start: number, end: number): number {
    if (end === start) return 0;
    let slash = end - 1;
    while (slash >= start && buffer[slash] !== SLASH) slash--;
    if (slash < start) {
      this.#fail(buffer, start, end, 'has no "/"');
      return 0;
    }
    const { nodes } = this.#tree;
    if (this.#parent === 0 || !nodes.isAt(this.#parent, buffer, start, slash)) {
      this.#parent = nodes.findBytes(buffer, start, slash);
    }
    if (this.#parent === 0) this.#fail(buffer, start, end, 'comes before its parent');
    return this.#parent;
  }

  #end(): void {
    if (this.#tree.nodes.root === 0) {
      this.#error = 'The root is missing';
      return;
    }
    this.#tree.acls.dropUnused();
    this.#phase = Phase.END;
    this.#held = EMPTY_BYTES;
    this.#heldView = EMPTY_VIEW;
  }

  #fail(buffer: Uint8Array, start: number, end: number, reason: string): void {
    this.#error = `Znode "${utf8Decode(buffer, start, end)}" ${reason}`;
  }

  #aclIdOf(hi: number, lo: number): number {
    if (hi === -1 && lo === -1) return ACL_ID_OPEN;
    const known = this.#aclIds.get(hi)?.get(lo);
    if (known !== undefined) return known;
    const id = this.#tree.acls.reserve();
    this.#setAclId(hi, lo, id);
    return id;
  }

  #setAclId(hi: number, lo: number, id: number): void {
    let byLo = this.#aclIds.get(hi);
    if (byLo === undefined) {
      byLo = new Map();
      this.#aclIds.set(hi, byLo);
    }
    byLo.set(lo, id);
  }
}
