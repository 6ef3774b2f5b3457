/** Signatures first. */

export const WatchMode = { DATA: 1, CHILD: 2, PERSISTENT: 4, RECURSIVE: 8 } as const;
export type WatchMode = (typeof WatchMode)[keyof typeof WatchMode];

export class WatchTable {
  /** Paths that somebody watches. */
  get pathCount(): number {
    return 0;
  }
  get watcherCount(): number {
    return 0;
  }
  /** Watches as the reference counts them: per path and watcher, in each of its two tables. */
  get dataWatchCount(): number {
    return 0;
  }
  get childWatchCount(): number {
    return 0;
  }
  get bytes(): number {
    return 0;
  }
  add(_path: string, _watcherId: number, _mode: WatchMode): void {}
  addBytes(
    _buffer: Uint8Array,
    _start: number,
    _end: number,
    _watcherId: number,
    _mode: WatchMode,
  ): void {}
  /** `type` is one of WatcherType. */
  has(_path: string, _watcherId: number, _type: number): boolean {
    return false;
  }
  /** False when nothing matched. */
  remove(_path: string, _watcherId: number, _type: number): boolean {
    return false;
  }
  removeAll(_watcherId: number): void {}
  /**
   * `type` is the EventType at `path`: NODE_CREATED and NODE_DATA_CHANGED look at the data table,
   * NODE_CHILDREN_CHANGED at the child table, NODE_DELETED at both, telling each watcher once.
   * The visitor may change the table.
   */
  trigger(_type: number, _path: string, _visit: (watcherId: number) => void): void {}
  forEachWatch(_visit: (path: string, watcherId: number, modes: number) => void): void {}
  clear(): void {}
}
