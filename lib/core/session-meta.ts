import { randomBytes } from 'node:crypto';
import type { CookieChanges } from './session-cookie.js';
import { parseObject } from './session-text.js';

/** A flash value with a name of its own, so that a reader removes what it read and nothing that came later. */
export type FlashEntry = readonly [name: string, value: unknown];

/** What the engine keeps beside the application's data. */
export interface SessionMeta {
  /** The version of the application's data (option `version`). */
  version?: number;
  /** Values that are read once, by key. */
  flash?: Record<string, FlashEntry[]>;
  /** Settings of this session's own cookie, where they differ from the application's. */
  cookie?: CookieChanges;
  /** The last renewal of the id. */
  rotation?: {
    /** When it happened. */
    at: number;
    /** Until when the previous id still finds the session. */
    until: number;
    /** The new id, sealed for the holder of the previous one. */
    successor?: string;
  };
}

/** Reads the text of {@link SessionMeta}; throws when it is not. */
export function parseMeta(text: string | null): SessionMeta {
  return text === null ? {} : parseObject(text);
}

/** The text of {@link SessionMeta}, or null when there is nothing to keep. */
export function metaText(meta: SessionMeta): string | null {
  const text = JSON.stringify(meta);
  return text === '{}' ? null : text;
}

/** The stored flash values of a key. */
export function flashEntries(flash: SessionMeta['flash'], key: string): readonly FlashEntry[] {
  return flash !== undefined && Object.hasOwn(flash, key) ? flash[key]! : [];
}

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
    const names = new Set(Object.values(stored ?? {}).flatMap((entries) => entries.map(([name]) => name)));
    for (const name of this.#taken) if (!names.has(name)) this.#taken.delete(name);
    for (const [key, entries] of this.#added) {
      const open = entries.filter(([name]) => !names.has(name));
      if (open.length > 0) this.#added.set(key, open);
      else this.#added.delete(key);
    }
  }
}
