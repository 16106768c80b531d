import type { SessionRecord } from '../../core/session-record.js';

/** A session in memory, and its neighbours in two lists: a list of links costs no copying and nothing to leave. */
export class MemoryEntry {
  /** Among all sessions, in the order they were last written. */
  older: MemoryEntry | undefined = undefined;
  newer: MemoryEntry | undefined = undefined;
  /** Among those that end in the same slot. */
  before: MemoryEntry | undefined = undefined;
  after: MemoryEntry | undefined = undefined;

  constructor(public record: SessionRecord) {}
}

/** Sessions in the order they were last written. */
export class WriteOrder {
  oldest: MemoryEntry | undefined;
  #newest: MemoryEntry | undefined;

  add(entry: MemoryEntry): void {
    entry.older = this.#newest;
    if (this.#newest === undefined) this.oldest = entry;
    else this.#newest.newer = entry;
    this.#newest = entry;
  }

  remove(entry: MemoryEntry): void {
    const { older, newer } = entry;
    if (older === undefined) this.oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    entry.older = entry.newer = undefined;
  }

  clear(): void {
    this.oldest = this.#newest = undefined;
  }
}

/** Sessions by the slot of time in which they end, so that those that are over are found without looking at others. */
export class ExpirySlots {
  readonly #first = new Map<number, MemoryEntry>();

  /** @param slot - The length of a slot in milliseconds. */
  constructor(private readonly slot: number) {}

  add(entry: MemoryEntry): void {
    const slot = this.#slotOf(entry);
    const first = this.#first.get(slot);
    entry.after = first;
    if (first !== undefined) first.before = entry;
    this.#first.set(slot, entry);
  }

  remove(entry: MemoryEntry): void {
    const { before, after } = entry;
    if (before !== undefined) before.after = after;
    else if (after !== undefined) this.#first.set(this.#slotOf(entry), after);
    else this.#first.delete(this.#slotOf(entry));
    if (after !== undefined) after.before = before;
    entry.before = entry.after = undefined;
  }

  clear(): void {
    this.#first.clear();
  }

  /** The sessions of the slots that have begun by `time`. What it hands out may be removed on the way. */
  *begunBy(time: number): Generator<MemoryEntry> {
    for (const [slot, first] of this.#first) {
      if (slot * this.slot > time) continue;
      for (let entry: MemoryEntry | undefined = first, next; entry !== undefined; entry = next) {
        next = entry.after;
        yield entry;
      }
    }
  }

  #slotOf({ record }: MemoryEntry): number {
    return Math.floor(record.expiresAt / this.slot);
  }
}
