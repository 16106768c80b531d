/** A value and the key that it is remembered under, which is a copy of the one it was asked for with. */
export interface Remembered<Value> {
  readonly key: string;
  readonly value: Value;
}

/**
 * Remembers what was used recently, so that it need not be worked out again. An entry that is asked for stays. Two maps, of
 * which the older one goes as a whole, cost less than an order that every look changes (the algorithm of `quick-lru`).
 */
export class RecentMap<Value> {
  readonly #capacity: number;
  #recent = new Map<string, Remembered<Value>>();
  #older = new Map<string, Remembered<Value>>();

  /** @param capacity - So many entries are remembered at least, and twice as many at most. */
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
