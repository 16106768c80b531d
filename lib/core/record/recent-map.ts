import { ownText } from './own-text.js';

/** What is remembered, under a key of its own. */
export interface Remembered<Value> {
  /** The key that it is remembered under, not the one it was asked for with: that may have been cut out of a header. */
  readonly key: string;
  readonly value: Value;
}

/**
 * What was used a moment ago, so that it need not be worked out again: bounded, and what is asked for stays. Two maps,
 * of which the older one goes as a whole, cost less than an order kept for every look.
 */
export class RecentMap<Value> {
  readonly #capacity: number;
  #recent = new Map<string, Remembered<Value>>();
  #older = new Map<string, Remembered<Value>>();

  /** @param capacity - So many are remembered at least, and twice as many at most. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** What is remembered under a key. */
  get(key: string): Value | undefined {
    return this.entry(key)?.value;
  }

  /** The same, with the key. */
  entry(key: string): Remembered<Value> | undefined {
    const recent = this.#recent.get(key);
    if (recent !== undefined) return recent;
    const older = this.#older.get(key);
    if (older !== undefined) this.#put(older);
    return older;
  }

  /** Remembers something under a copy of a key, which is returned. */
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
