const PARTS = 64;

/**
 * A map of many small maps. V8 copies a map when it grows or shrinks, which blocks the process for a tenth of a second at a
 * million entries. Copying a small map takes a millisecond or two.
 */
export class ShardedMap<Value> {
  readonly #parts = Array.from({ length: PARTS }, () => new Map<string, Value>());

  get(key: string): Value | undefined {
    return this.#part(key).get(key);
  }

  set(key: string, value: Value): void {
    this.#part(key).set(key, value);
  }

  delete(key: string): void {
    this.#part(key).delete(key);
  }

  clear(): void {
    for (const part of this.#parts) part.clear();
  }

  /** Chosen by the end of the key, where user ids differ most. */
  #part(key: string): Map<string, Value> {
    const end = key.length - 1;
    return this.#parts[(key.charCodeAt(end) * 31 + key.charCodeAt(end - 1) * 7) % PARTS || 0]!;
  }
}
