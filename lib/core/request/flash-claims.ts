import { BoundedMap } from '../record/bounded-map.js';

/** Milliseconds for which a claim holds: longer than a request takes to store what it took. */
const LIFETIME = 60_000;

const CAPACITY = 10_000;

/**
 * Which request of this process has taken which flash value. Requests that read a session at the same time all have its
 * flash values. The first one to take a value gets it, although the store removes it only later.
 */
export class FlashClaims {
  readonly #claims: BoundedMap<object>;

  constructor(now: () => number) {
    this.#claims = new BoundedMap({ entries: CAPACITY, age: LIFETIME, now });
  }

  /** Whether `by` gets the flash value of this name: nobody else has taken it. */
  take(name: string, by: object): boolean {
    if ((this.#claims.get(name) ?? by) !== by) return false;
    this.#claims.set(name, by);
    return true;
  }

  /** Gives up values that could not be removed from the store, for a later request to take. */
  release(names: Iterable<string>, by: object): void {
    for (const name of names) if (this.#claims.get(name) === by) this.#claims.delete(name);
  }
}
