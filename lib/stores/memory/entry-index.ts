import type { MemoryEntry } from './memory-entry.js';
import { ShardedMap } from './sharded-map.js';

/** Sessions by a field that several of them may share, and that some do not have. */
export class EntryIndex {
  /** Mostly one session has a value, which needs no set. */
  readonly #entries = new ShardedMap<MemoryEntry | Set<MemoryEntry>>();

  constructor(private readonly field: 'userId' | 'reference') {}

  of(value: string): MemoryEntry[] {
    const own = this.#entries.get(value);
    return own instanceof Set ? [...own] : own === undefined ? [] : [own];
  }

  add(entry: MemoryEntry): void {
    const value = entry[this.field];
    if (value === null) return;
    const own = this.#entries.get(value);
    if (own instanceof Set) own.add(entry);
    else this.#entries.set(value, own === undefined ? entry : new Set([own, entry]));
  }

  remove(entry: MemoryEntry): void {
    const value = entry[this.field];
    if (value === null) return;
    const own = this.#entries.get(value);
    if (own instanceof Set) own.delete(entry);
    if (!(own instanceof Set) || own.size === 0) this.#entries.delete(value);
  }

  clear(): void {
    this.#entries.clear();
  }
}
