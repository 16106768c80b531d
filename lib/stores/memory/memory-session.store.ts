import type { SessionChange, SessionRecord, SessionSummary } from '../../core/session-record.js';
import type { PrunableSessionStore, SessionStore, UserSessionStore } from '../../core/session-store.js';
import { show } from '../../errors/messages.js';
import { SessionOptionsError } from '../../errors/session-options.error.js';

/** Options of a {@link MemorySessionStore}. */
export interface MemorySessionStoreOptions {
  /**
   * The most sessions that are kept; beyond it the one written longest ago goes.
   *
   * @defaultValue 100 000
   */
  readonly maxSessions?: number;
}

/** Sessions are filed by when they expire, in slots of this many milliseconds. */
const SLOT = 30_000;

/** So many sessions are looked at before other work of the process gets its turn. */
const SLICE = 2_000;

/**
 * Keeps sessions in this process: for development, for tests, and for a single process whose sessions may end with it.
 *
 * It is bounded: beyond `maxSessions` the session written longest ago is dropped. Sessions expire by themselves: each
 * is filed under the time it ends, so nothing is ever scanned as a whole, and a long list is worked off in slices. Its
 * timer does not hold the process open.
 *
 * @throws SessionOptionsError when `maxSessions` is not a whole number of one or more.
 */
export class MemorySessionStore implements SessionStore, UserSessionStore, PrunableSessionStore {
  /** It prunes by itself. */
  readonly pruneInterval = false;

  readonly #maxSessions: number;
  /** In the order they were last written. */
  readonly #records = new Map<string, SessionRecord>();
  readonly #byPreviousKey = new Map<string, string>();
  readonly #byUser = new Map<string, Set<string>>();
  /** Keys by the slot they were filed under. A session that lives longer by now is filed anew when its slot is due. */
  readonly #slots = new Map<number, string[]>();
  #timer: NodeJS.Timeout | undefined;

  constructor({ maxSessions = 100_000 }: MemorySessionStoreOptions = {}) {
    if (!Number.isSafeInteger(maxSessions) || maxSessions < 1) {
      throw new SessionOptionsError(
        `MemorySessionStore option "maxSessions": ${show(maxSessions)} was given; accepted: a whole number of one or more.`,
      );
    }
    this.#maxSessions = maxSessions;
  }

  /** How many sessions are kept, expired ones that are not yet removed included. */
  get size(): number {
    return this.#records.size;
  }

  read(keys: readonly string[]): Promise<(SessionRecord | undefined)[]> {
    return Promise.resolve(keys.map((key) => this.#find(key)));
  }

  create(records: readonly SessionRecord[]): Promise<boolean[]> {
    return Promise.resolve(
      records.map((record) => {
        if (this.#records.has(record.key)) return false;
        if (this.#records.size >= this.#maxSessions) this.#dropOldest();
        this.#put(record);
        return true;
      }),
    );
  }

  update(changes: readonly SessionChange[]): Promise<boolean[]> {
    return Promise.resolve(
      changes.map(({ key, version, next }) => {
        const old = this.#records.get(key);
        if (old?.version !== version) return false;
        if (next.key !== key && this.#records.has(next.key)) return false;
        this.#remove(old);
        this.#put(next, old);
        return true;
      }),
    );
  }

  delete(keys: readonly string[]): Promise<boolean[]> {
    return Promise.resolve(
      keys.map((key) => {
        const record = this.#find(key);
        if (record !== undefined) this.#remove(record);
        return record !== undefined;
      }),
    );
  }

  findByUser(userId: string, now: number): Promise<SessionSummary[]> {
    const own = Array.from(this.#byUser.get(userId) ?? [], (key) => this.#records.get(key)!);
    return Promise.resolve(
      own
        .filter(({ expiresAt }) => expiresAt > now)
        .sort((a, b) => b.createdAt - a.createdAt || (a.key < b.key ? -1 : 1)),
    );
  }

  async count(userId: string | undefined, now: number): Promise<number> {
    if (userId !== undefined) return (await this.findByUser(userId, now)).length;
    let alive = 0;
    for (const { expiresAt } of this.#records.values()) if (expiresAt > now) alive++;
    return alive;
  }

  deleteByUser(userId: string, except: readonly string[]): Promise<string[]> {
    const keys = [...(this.#byUser.get(userId) ?? [])].filter((key) => !except.includes(key));
    for (const key of keys) this.#remove(this.#records.get(key)!);
    return Promise.resolve(keys);
  }

  deleteAll(): Promise<number> {
    const { size } = this.#records;
    for (const index of [this.#records, this.#byPreviousKey, this.#byUser, this.#slots]) index.clear();
    this.close();
    return Promise.resolve(size);
  }

  prune(now: number, limit: number): Promise<number> {
    return Promise.resolve(this.#expire(now, Infinity, limit).removed);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #find(key: string): SessionRecord | undefined {
    return this.#records.get(key) ?? this.#records.get(this.#byPreviousKey.get(key) ?? '');
  }

  #put(record: SessionRecord, old?: SessionRecord): void {
    const { key, previousKey, userId, expiresAt } = record;
    this.#records.set(key, record);
    if (previousKey !== null) this.#byPreviousKey.set(previousKey, key);
    if (userId !== null) {
      const own = this.#byUser.get(userId);
      if (own === undefined) this.#byUser.set(userId, new Set([key]));
      else own.add(key);
    }
    if (old?.key !== key || slotOf(expiresAt) < slotOf(old.expiresAt)) this.#file(key, expiresAt);
    this.#timer ??= this.#expireLater(SLOT);
  }

  #remove({ key, previousKey, userId }: SessionRecord): void {
    this.#records.delete(key);
    if (previousKey !== null) this.#byPreviousKey.delete(previousKey);
    if (userId === null) return;
    const own = this.#byUser.get(userId);
    own?.delete(key);
    if (own?.size === 0) this.#byUser.delete(userId);
  }

  #dropOldest(): void {
    for (const oldest of this.#records.values()) return this.#remove(oldest);
  }

  #file(key: string, expiresAt: number): void {
    const slot = slotOf(expiresAt);
    const filed = this.#slots.get(slot);
    if (filed === undefined) this.#slots.set(slot, [key]);
    else filed.push(key);
  }

  /** Works off the slots that are due, `looks` sessions or `limit` removals at most. */
  #expire(now: number, looks: number, limit: number): { removed: number; done: boolean } {
    let removed = 0;
    for (const [slot, keys] of this.#slots) {
      if (slot > Math.floor(now / SLOT)) continue;
      while (keys.length > 0) {
        if (looks-- <= 0 || removed >= limit) return { removed, done: false };
        const record = this.#records.get(keys.pop()!);
        if (record === undefined) continue;
        if (record.expiresAt > now) this.#file(record.key, record.expiresAt);
        else {
          this.#remove(record);
          removed++;
        }
      }
      this.#slots.delete(slot);
    }
    return { removed, done: true };
  }

  #expireLater(delay: number): NodeJS.Timeout {
    return setTimeout(() => {
      const { done } = this.#expire(Date.now(), SLICE, Infinity);
      this.#timer = this.#records.size > 0 ? this.#expireLater(done ? SLOT : 0) : undefined;
    }, delay).unref();
  }
}

/** The first slot by whose beginning a session that ends at `expiresAt` is over. */
function slotOf(expiresAt: number): number {
  return Math.ceil(expiresAt / SLOT);
}
