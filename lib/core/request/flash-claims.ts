/** Milliseconds for which a claim holds: longer than a request takes to store what it took. */
const MEMORY = 60_000;

/** So many at most: older ones are forgotten first. */
const CAPACITY = 10_000;

interface Claim {
  readonly by: object;
  readonly at: number;
}

/**
 * Who in this process has taken which flash value. Requests that read the same session at the same time all have its
 * flash values in hand; the first to take one gets it, although it is removed from the store only later.
 */
export class FlashClaims {
  readonly #claims = new Map<string, Claim>();

  constructor(private readonly now: () => number) {}

  /** Whether `by` has the flash value of this name: nobody else has taken it. */
  take(name: string, by: object): boolean {
    const now = this.now();
    const claim = this.#claims.get(name);
    if (claim !== undefined && claim.by !== by && now - claim.at < MEMORY) return false;
    this.#claims.delete(name);
    this.#claims.set(name, { by, at: now });
    for (const [oldest, { at }] of this.#claims) {
      if (this.#claims.size <= CAPACITY && now - at < MEMORY) break;
      this.#claims.delete(oldest);
    }
    return true;
  }

  /** Gives up what could not be removed from the store, for a later request to take. */
  release(names: Iterable<string>, by: object): void {
    for (const name of names) if (this.#claims.get(name)?.by === by) this.#claims.delete(name);
  }
}
