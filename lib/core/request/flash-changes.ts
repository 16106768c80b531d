import { randomBytes } from 'node:crypto';
import { type FlashEntry, flashEntries, type SessionMeta } from '../record/session-meta.js';

/** The flash values of one request: what it added and what it took, until they are stored. */
export class FlashChanges {
  readonly #added: Map<string, FlashEntry[]>;
  readonly #taken: Set<string>;

  constructor(added: Iterable<readonly [string, FlashEntry[]]> = [], taken: Iterable<string> = []) {
    this.#added = new Map(Array.from(added, ([key, entries]) => [key, [...entries]]));
    this.#taken = new Set(taken);
  }

  /** A copy that changes on its own. */
  copy(): FlashChanges {
    return new FlashChanges(this.#added, this.#taken);
  }

  /** Whether anything changed. */
  get any(): boolean {
    return this.#added.size > 0 || this.#taken.size > 0;
  }

  /** Whether values were added that nobody has taken. */
  get anyAdded(): boolean {
    return this.#added.size > 0;
  }

  /** Appends a value. */
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

  /** The names of the stored values that were taken. */
  get taken(): Iterable<string> {
    return this.#taken;
  }

  /** Takes all values of a key, stored ones first; of those that are stored the ones that `mayTake` grants. */
  take(
    key: string,
    stored: SessionMeta['flash'],
    mayTake: (name: string) => boolean = () => true,
  ): unknown[] {
    const kept = flashEntries(stored, key).filter(([name]) => !this.#taken.has(name) && mayTake(name));
    for (const [name] of kept) this.#taken.add(name);
    const added = this.#added.get(key) ?? [];
    this.#added.delete(key);
    return [...kept, ...added].map(([, value]) => value);
  }

  /** The stored values with these changes made. */
  applyTo(stored: SessionMeta['flash']): SessionMeta['flash'] {
    const flash = Object.create(null) as Record<string, FlashEntry[]>;
    for (const [key, entries] of Object.entries(stored ?? {})) {
      const kept = entries.filter(([name]) => !this.#taken.has(name));
      if (kept.length > 0) flash[key] = kept;
    }
    for (const [key, entries] of this.#added) flash[key] = [...(flash[key] ?? []), ...entries];
    return Object.keys(flash).length > 0 ? flash : undefined;
  }

  /** Forgets the changes that are stored; those made since remain. */
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
