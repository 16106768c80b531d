interface Passing {
  /** The key the session has instead, or undefined where nothing under the old one may go on to it. */
  readonly to: string | undefined;
  readonly at: number;
}

/** Milliseconds for which a request that is still under way with an old key is answered rightly. */
const MEMORY = 60_000;

/** So many at most: older ones are forgotten first. */
const CAPACITY = 10_000;

/**
 * The keys that were given up in this process a moment ago. Requests that were under way with one must not hand its
 * cookie out again, and their logout must reach the session, however often its id was renewed meanwhile.
 */
export class KeyHistory {
  readonly #passings = new Map<string, Passing>();

  constructor(private readonly now: () => number) {}

  /** Takes note that `key` was given up, for another or for good. */
  add(key: string, to?: string): void {
    const now = this.now();
    if (to !== undefined) this.#passings.delete(to);
    this.#passings.delete(key);
    this.#passings.set(key, { to, at: now });
    for (const [oldest, { at }] of this.#passings) {
      if (this.#passings.size <= CAPACITY && now - at < MEMORY) return;
      this.#passings.delete(oldest);
    }
  }

  /** Whether a key was given up. */
  has(key: string): boolean {
    return this.#passings.has(key);
  }

  /** The key that took the place of another, at the end of all renewals. */
  latestOf(key: string): string {
    let latest = key;
    for (let next = this.#passings.get(key)?.to; next !== undefined; next = this.#passings.get(next)?.to)
      latest = next;
    return latest;
  }
}
