/** How much a {@link BoundedMap} holds. */
export interface Bounds<Value> {
  readonly entries: number;
  /** The maximum sum of `sizeOf` of all entries. @defaultValue `Infinity` */
  readonly size?: number;
  readonly sizeOf?: (key: string, value: Value) => number;
  /** Milliseconds after which an entry is forgotten. @defaultValue `Infinity` */
  readonly age?: number;
  /** The time in milliseconds; needed for `age`. */
  readonly now?: () => number;
}

interface Entry<Value> {
  readonly value: Value;
  readonly size: number;
  readonly at: number;
}

/** A map that removes the entries that were set longest ago, like `lru-cache` without `updateAgeOnGet`. */
export class BoundedMap<Value> {
  /** Oldest first. */
  readonly #entries = new Map<string, Entry<Value>>();
  readonly #bounds: Required<Bounds<Value>>;
  #size = 0;

  constructor(bounds: Bounds<Value>) {
    this.#bounds = { size: Infinity, sizeOf: () => 0, age: Infinity, now: () => 0, ...bounds };
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    return entry === undefined || this.#isOver(entry) ? undefined : entry.value;
  }

  set(key: string, value: Value): void {
    this.delete(key);
    const entry = { value, size: this.#bounds.sizeOf(key, value), at: this.#bounds.now() };
    this.#entries.set(key, entry);
    this.#size += entry.size;
    for (const [oldest, old] of this.#entries) {
      const fits = this.#entries.size <= this.#bounds.entries && this.#size <= this.#bounds.size;
      if (fits && !this.#isOver(old)) return;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    this.#size -= this.#entries.get(key)?.size ?? 0;
    this.#entries.delete(key);
  }

  #isOver({ at }: Entry<Value>): boolean {
    return this.#bounds.now() - at >= this.#bounds.age;
  }
}
