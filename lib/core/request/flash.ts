import { randomBytes } from 'node:crypto';
import { BoundedMap } from '../record/bounded-map.js';
import { type FlashEntry, flashEntries, type SessionMeta } from '../record/session-meta.js';

/** Milliseconds for which a claim holds: longer than a request takes to store what it took. */
const CLAIM_LIFETIME = 60_000;

const MAX_CLAIMS = 10_000;

/**
 * Which request of this process has taken which flash value. Requests that read a session at the same time all have its
 * flash values. The first one to take a value gets it, although the store removes it only later.
 */
export class FlashClaims {
  readonly #claims: BoundedMap<object>;

  constructor(now: () => number) {
    this.#claims = new BoundedMap({ entries: MAX_CLAIMS, age: CLAIM_LIFETIME, now });
  }

  /** Whether `by` gets the flash value of this name, because no other request has taken it. */
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

/** The flash values that one request added and took, until they are stored. */
export class FlashChanges {
  readonly #added = new Map<string, FlashEntry[]>();
  readonly #taken = new Set<string>();
  readonly #claims: FlashClaims;
  readonly #claimant: object;

  /** @param claimant - An object that stands for the request in claims, which outlive the request. */
  constructor(claims: FlashClaims, claimant: object) {
    this.#claims = claims;
    this.#claimant = claimant;
  }

  /** A copy that changes on its own. */
  copy(): FlashChanges {
    const copy = new FlashChanges(this.#claims, this.#claimant);
    for (const [key, entries] of this.#added) copy.#added.set(key, [...entries]);
    for (const name of this.#taken) copy.#taken.add(name);
    return copy;
  }

  get any(): boolean {
    return this.#added.size > 0 || this.#taken.size > 0;
  }

  get anyAdded(): boolean {
    return this.#added.size > 0;
  }

  add(key: string, value: unknown): void {
    const entries = this.#added.get(key) ?? [];
    entries.push([randomBytes(6).toString('base64url'), value]);
    this.#added.set(key, entries);
  }

  /** The names of the values that were added. */
  get addedNames(): ReadonlySet<string> {
    return namesOf(this.#added.values());
  }

  /** Removes all stored values, and the added values with these names. */
  drop(stored: SessionMeta['flash'], added: ReadonlySet<string>): void {
    for (const name of namesOf(Object.values(stored ?? {}))) this.#taken.add(name);
    for (const [key, entries] of this.#added) {
      const kept = entries.filter(([name]) => !added.has(name));
      if (kept.length > 0) this.#added.set(key, kept);
      else this.#added.delete(key);
    }
  }

  /** Leaves the values that this request took to a later one, except those it had taken `before`. */
  release(before?: FlashChanges): void {
    const kept = before === undefined ? new Set() : before.#taken;
    const released = [...this.#taken].filter((name) => !kept.has(name));
    this.#claims.release(released, this.#claimant);
  }

  /** Takes all values of a key: the stored ones that no other request has claimed, then the added ones. */
  take(key: string, stored: SessionMeta['flash']): unknown[] {
    const isFree = (name: string): boolean =>
      !this.#taken.has(name) && this.#claims.take(name, this.#claimant);
    const kept = flashEntries(stored, key).filter(([name]) => isFree(name));
    for (const [name] of kept) this.#taken.add(name);
    const added = this.#added.get(key) ?? [];
    this.#added.delete(key);
    return [...kept, ...added].map(([, value]) => value);
  }

  /** Applies these changes to the stored values. */
  applyTo(stored: SessionMeta['flash']): SessionMeta['flash'] {
    const flash = Object.create(null) as Record<string, FlashEntry[]>;
    for (const [key, entries] of Object.entries(stored ?? {})) {
      const kept = entries.filter(([name]) => !this.#taken.has(name));
      if (kept.length > 0) flash[key] = kept;
    }
    for (const [key, entries] of this.#added) flash[key] = [...(flash[key] ?? []), ...entries];
    return Object.keys(flash).length > 0 ? flash : undefined;
  }

  /** Forgets the changes that are stored now. Later ones stay. */
  settle(stored: SessionMeta['flash']): void {
    const names = namesOf(Object.values(stored ?? {}));
    for (const name of this.#taken) if (!names.has(name)) this.#taken.delete(name);
    for (const [key, entries] of this.#added) {
      const open = entries.filter(([name]) => !names.has(name));
      if (open.length > 0) this.#added.set(key, open);
      else this.#added.delete(key);
    }
  }
}

function namesOf(values: Iterable<readonly FlashEntry[]>): Set<string> {
  return new Set([...values].flatMap((entries) => entries.map(([name]) => name)));
}
