/**
 * What was used a moment ago, so that it need not be worked out again: bounded, and what is asked for stays. Two maps,
 * of which the older one goes as a whole, cost less than an order kept for every look.
 */
export class RecentMap<Value> {
  readonly #capacity: number;
  #recent = new Map<string, Value>();
  #older = new Map<string, Value>();

  /** @param capacity - So many are remembered at least, and twice as many at most. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** What is remembered under a key. */
  get(key: string): Value | undefined {
    const recent = this.#recent.get(key);
    if (recent !== undefined) return recent;
    const older = this.#older.get(key);
    if (older !== undefined) this.#put(key, older);
    return older;
  }

  /** Remembers something; the key is copied, as what is cut out of a header would keep the whole of it. */
  add(key: string, value: Value): void {
    this.#put(Buffer.from(key).toString(), value);
  }

  #put(key: string, value: Value): void {
    if (this.#recent.size >= this.#capacity) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(key, value);
  }
}
