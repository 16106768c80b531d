import { performance } from 'node:perf_hooks';
import { RecentMap } from '../../core/record/recent-map.js';
import type { SessionChange, SessionRecord, SessionSummary } from '../../core/record/session-record.js';
import type {
  PrunableSessionStore,
  ReferenceSessionStore,
  SessionStore,
  UserSessionStore,
} from '../../core/store/session-store.js';
import type { ImmediateCalls } from '../../core/store/shared-store.js';
import { show } from '../../errors/describe.js';
import { messages } from '../../errors/messages.js';
import { refuseUnknownOptions } from '../../core/store/store-options.js';
import { SessionOptionsError } from '../../errors/session-options.error.js';
import { EntryIndex } from './entry-index.js';
import { ExpirySlots, MemoryEntry, WriteOrder } from './memory-entry.js';
import { ShardedMap } from './sharded-map.js';

/** Options of a {@link MemorySessionStore}. */
export interface MemorySessionStoreOptions {
  /**
   * The maximum number of sessions. When it is exceeded, the session that was written longest ago is removed.
   *
   * @defaultValue 100 000
   */
  readonly maxSessions?: number;
}

/** The length of a time slot in which sessions end, in milliseconds. */
const SLOT = 30_000;

/** How many user agents are kept for sharing. */
const MOST_AGENTS = 1_000;

/** Milliseconds of pruning before other work gets its turn. */
const SLICE = 4;

/**
 * Keeps sessions in the memory of this process: for development, for tests, and for a single process whose sessions may
 * be lost when it ends.
 *
 * Its size is limited: beyond `maxSessions`, the session that was written longest ago is removed. Expired sessions are
 * removed automatically, at most a minute late, in small batches. Its timer does not keep the process alive.
 *
 * @throws SessionOptionsError if `maxSessions` is not a whole number of one or more.
 */
export class MemorySessionStore
  implements SessionStore, UserSessionStore, ReferenceSessionStore, PrunableSessionStore
{
  readonly capabilities = ['users', 'references', 'prune'] as const;
  /** The store removes expired sessions itself. */
  readonly pruneInterval = false;

  readonly #maxSessions: number;
  readonly #byKey = new ShardedMap<MemoryEntry>();
  readonly #byUser = new EntryIndex('userId');
  readonly #byReference = new EntryIndex('reference');
  readonly #order = new WriteOrder();
  readonly #slots = new ExpirySlots(SLOT);
  /** Many sessions have the same user agent, and need its text once. */
  readonly #agents = new RecentMap<true>(MOST_AGENTS);
  readonly #immediate: ImmediateCalls = {
    read: (key) => this.#read(key),
    create: (record) => this.#create(record),
    update: (change) => this.#update(change),
  };
  #size = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: MemorySessionStoreOptions = {}) {
    refuseUnknownOptions('MemorySessionStore', options, ['maxSessions']);
    const { maxSessions = 100_000 } = options;
    if (!Number.isSafeInteger(maxSessions) || maxSessions < 1) {
      throw new SessionOptionsError(messages.maxSessions(show(maxSessions)));
    }
    this.#maxSessions = maxSessions;
  }

  /** The number of kept sessions, including expired ones that are not removed yet. */
  get size(): number {
    return this.#size;
  }

  /** Starts the removal of expired sessions, also after {@link MemorySessionStore.close}. */
  start(): void {
    this.#closed = false;
    this.#expireLater(SLOT);
  }

  /**
   * The calls of a memory store that return without a promise. Undefined for any other object, and while `read`, `create`
   * or `update` is replaced: a subclass, a proxy or a test expects its own method to be called.
   *
   * @internal
   */
  static immediateCallsOf(store: object): ImmediateCalls | undefined {
    if (!(#immediate in store)) return undefined;
    const isOwn = store.read === OWN.read && store.create === OWN.create && store.update === OWN.update;
    return isOwn ? store.#immediate : undefined;
  }

  read(keys: readonly string[]): Promise<(SessionRecord | undefined)[]> {
    return Promise.resolve(keys.map((key) => this.#read(key)));
  }

  create(records: readonly SessionRecord[]): Promise<boolean[]> {
    return Promise.resolve(records.map((record) => this.#create(record)));
  }

  update(changes: readonly SessionChange[]): Promise<boolean[]> {
    return Promise.resolve(changes.map((change) => this.#update(change)));
  }

  delete(keys: readonly string[]): Promise<boolean[]> {
    return Promise.resolve(keys.map((key) => this.#removeFound(this.#byKey.get(key))));
  }

  findByUser(userId: string, now: number): Promise<SessionSummary[]> {
    return Promise.resolve(
      this.#byUser
        .of(userId)
        .filter(({ expiresAt }) => expiresAt > now)
        .map(({ summary }) => summary)
        .sort((a, b) => b.createdAt - a.createdAt || (a.key < b.key ? -1 : 1)),
    );
  }

  count(userId: string | undefined, now: number): Promise<number> {
    const all = userId === undefined ? this.#size : this.#byUser.of(userId).length;
    const over = userId === undefined ? this.#slots.begunBy(now) : this.#byUser.of(userId);
    let alive = all;
    for (const { expiresAt } of over) if (expiresAt <= now) alive--;
    return Promise.resolve(alive);
  }

  deleteOwned(userId: string, keys: readonly string[], createdUntil = Infinity): Promise<boolean[]> {
    return Promise.resolve(
      keys.map((key) => {
        const entry = this.#byKey.get(key);
        if (entry?.userId !== userId || entry.createdAt > createdUntil) return false;
        return this.#removeFound(entry);
      }),
    );
  }

  deleteByUser(userId: string, except: readonly string[]): Promise<string[]> {
    return Promise.resolve(
      this.#removeAll(this.#byUser.of(userId).filter(({ key }) => !except.includes(key))),
    );
  }

  findByReference(reference: string): Promise<string[]> {
    return Promise.resolve(this.#byReference.of(reference).map(({ key }) => key));
  }

  deleteByReference(reference: string, userId?: string): Promise<string[]> {
    const isOwn = (entry: MemoryEntry): boolean => userId === undefined || entry.userId === userId;
    return Promise.resolve(this.#removeAll(this.#byReference.of(reference).filter(isOwn)));
  }

  deleteAll(): Promise<number> {
    const size = this.#size;
    const indexes = [this.#byKey, this.#byUser, this.#byReference, this.#order, this.#slots];
    for (const index of indexes) index.clear();
    this.#size = 0;
    this.#rest();
    return Promise.resolve(size);
  }

  prune(now: number, limit: number): Promise<number> {
    let removed = 0;
    for (const entry of this.#slots.begunBy(now)) {
      if (removed >= limit) break;
      if (entry.expiresAt > now) continue;
      this.#remove(entry);
      removed++;
    }
    return Promise.resolve(removed);
  }

  /** Stops the removal of expired sessions. The sessions stay in memory. */
  close(): void {
    this.#closed = true;
    this.#rest();
  }

  #read(key: string): SessionRecord | undefined {
    return this.#byKey.get(key)?.record;
  }

  #create(record: SessionRecord): boolean {
    if (this.#byKey.get(record.key) !== undefined) return false;
    if (this.#size >= this.#maxSessions) this.#remove(this.#order.oldest!);
    const entry = new MemoryEntry(record, this.#agentOf(record));
    this.#byKey.set(record.key, entry);
    this.#byUser.add(entry);
    this.#byReference.add(entry);
    this.#file(entry);
    this.#size++;
    this.#expireLater(SLOT);
    return true;
  }

  #update({ key, version, next }: SessionChange): boolean {
    const entry = this.#byKey.get(key);
    if (entry?.version !== version) return false;
    this.#replace(entry, next);
    return true;
  }

  /** Whether there was something to remove. */
  #removeFound(entry: MemoryEntry | undefined): boolean {
    if (entry !== undefined) this.#remove(entry);
    return entry !== undefined;
  }

  #removeAll(entries: readonly MemoryEntry[]): string[] {
    for (const entry of entries) this.#remove(entry);
    return entries.map(({ key }) => key);
  }

  #agentOf({ userAgent }: SessionRecord): string | null {
    if (userAgent === null) return null;
    return this.#agents.entry(userAgent)?.key ?? this.#agents.add(userAgent, true);
  }

  #remove(entry: MemoryEntry): void {
    this.#unfile(entry);
    this.#byKey.delete(entry.key);
    this.#byUser.remove(entry);
    this.#byReference.remove(entry);
    this.#size--;
  }

  #replace(entry: MemoryEntry, next: SessionRecord): void {
    const hasOtherOwner = next.userId !== entry.userId || next.reference !== entry.reference;
    this.#unfile(entry);
    if (hasOtherOwner) {
      this.#byUser.remove(entry);
      this.#byReference.remove(entry);
    }
    entry.put(next, this.#agentOf(next));
    if (hasOtherOwner) {
      this.#byUser.add(entry);
      this.#byReference.add(entry);
    }
    this.#file(entry);
  }

  #file(entry: MemoryEntry): void {
    this.#order.add(entry);
    this.#slots.add(entry);
  }

  #unfile(entry: MemoryEntry): void {
    this.#order.remove(entry);
    this.#slots.remove(entry);
  }

  #expireLater(delay: number): void {
    if (this.#closed || this.#size === 0) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#expireLater(this.#expire() ? SLOT : 0);
    }, delay).unref();
  }

  /** Removes the sessions of past slots. Returns false if its time ran out before. */
  #expire(): boolean {
    const end = performance.now() + SLICE;
    for (const entry of this.#slots.begunBy(Date.now() - SLOT)) {
      this.#remove(entry);
      if (performance.now() > end) return false;
    }
    return true;
  }

  #rest(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/** The methods of the class, before a test or a tool replaces one. */
const methodOf = (name: 'read' | 'create' | 'update'): unknown =>
  Reflect.get(MemorySessionStore.prototype, name);
const OWN = { read: methodOf('read'), create: methodOf('create'), update: methodOf('update') };
