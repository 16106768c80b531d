const PARTS = 64;

/**
 * A map in parts. V8 copies a map as a whole when it grows or shrinks, which stops the process for a tenth of a second
 * at a million entries; a part is copied in a millisecond or two.
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

  /** By the end of the key, where user ids, too, differ most. A key without one has NaN for its place. */
  #part(key: string): Map<string, Value> {
    const end = key.length - 1;
    return this.#parts[(key.charCodeAt(end) * 31 + key.charCodeAt(end - 1) * 7) % PARTS || 0]!;
  }
}
