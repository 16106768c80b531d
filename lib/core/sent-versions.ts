import type { SessionRecord } from './session-record.js';

/** Milliseconds: longer than most requests take that are under way at the same time. */
const MEMORY = 10_000;

/** So many at most: older ones are forgotten first. */
const CAPACITY = 10_000;

/**
 * The versions of sessions that went out in cookies a moment ago. Of requests at the same time the cookie that arrives last
 * wins: one that changed nothing must not undo what another one did.
 */
export class SentVersions {
  readonly #versions = new Map<string, { readonly version: number; readonly at: number }>();

  constructor(private readonly now: () => number) {}

  /** Takes note that a change goes out. It counts as the newest, whatever came in between: the last one wins. */
  add({ key, version }: SessionRecord): void {
    const now = this.now();
    this.#versions.delete(key);
    this.#versions.set(key, { version, at: now });
    for (const [oldest, { at }] of this.#versions) {
      if (this.#versions.size <= CAPACITY && now - at < MEMORY) return;
      this.#versions.delete(oldest);
    }
  }

  /** Whether a newer version of a record went out. */
  isBehind({ key, version }: SessionRecord): boolean {
    const newest = this.#versions.get(key);
    return newest !== undefined && newest.version > version && this.now() - newest.at < MEMORY;
  }
}
