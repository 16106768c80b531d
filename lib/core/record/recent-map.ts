/** A value and its key, which is a copy of the requested key. */
export interface Remembered<Value> {
  readonly key: string;
  readonly value: Value;
}

/**
 * A cache of recently used values. Reading an entry keeps it in the cache. It consists of two maps, of which the older
 * one is removed as a whole. This costs less than an order that every read changes (the algorithm of `quick-lru`).
 */
export class RecentMap<Value> {
  readonly #capacity: number;
  #recent = new Map<string, Remembered<Value>>();
  #older = new Map<string, Remembered<Value>>();

  /** @param capacity - The minimum number of entries; at most twice as many are kept. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get(key: string): Value | undefined {
    return this.entry(key)?.value;
  }

  entry(key: string): Remembered<Value> | undefined {
    const recent = this.#recent.get(key);
    if (recent !== undefined) return recent;
    const older = this.#older.get(key);
    if (older !== undefined) this.#put(older);
    return older;
  }

  /** Remembers a value under a copy of a key, and returns that copy. */
  add(key: string, value: Value): string {
    const own = ownText(key);
    this.#put({ key: own, value });
    return own;
  }

  #put(entry: Remembered<Value>): void {
    if (this.#recent.size >= this.#capacity) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(entry.key, entry);
  }
}

/**
 * A copy of a text, for what is kept longer than a request. V8 makes text that is cut out of another text (a header, the
 * body of a request) a view, which would keep the whole of the other text in memory.
 */
export function ownText(text: string): string {
  return Buffer.from(text).toString();
}
