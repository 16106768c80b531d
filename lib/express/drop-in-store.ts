import type { SessionChange, SessionRecord } from '../core/session-record.js';
import type { SessionStore, StoreOutcome } from '../core/session-store.js';
import {
  callStore,
  type ExpressSessionStore,
  type StoredSession,
} from '../stores/express/express-session-store.js';
import { each, getSession } from '../stores/express/express-store.adapter.js';
import { corruptRecord, readRow, recordOf, versionOf, writeRow } from '../stores/express/session-row.js';

/** What became of a session in this process: the version that its text was written as; 'gone' when it was ended. */
type LastWrite = { readonly version: number; readonly textVersion: number } | 'gone';

/** So many sessions are remembered; the oldest are forgotten first. */
const CAPACITY = 10_000;

/**
 * A store of express-session as the engine sees it, with the very calls that express-session makes: one `get` to read,
 * one `set` or `touch` to write. Rows stay exactly as express-session writes them.
 *
 * A change is refused (so that the engine reads again and merges) where this process wrote the session since it was
 * read; what other processes wrote meanwhile is overwritten, as with express-session.
 */
export class DropInStore implements SessionStore {
  readonly sharesCalls = false;
  readonly keepsIds = true;
  readonly keepsCookies = true;
  readonly keepsPreviousKeys = false;
  readonly #store: ExpressSessionStore;
  readonly #lastWrites = new Map<string, LastWrite>();
  /** What is being destroyed: it is no longer there for anybody. */
  readonly #ending = new Set<string>();

  constructor(store: ExpressSessionStore) {
    this.#store = store;
  }

  /** The one for a store: whatever goes through it has to know of each other. */
  static of(store: ExpressSessionStore): DropInStore {
    const known = DropInStore.#known.get(store) ?? new DropInStore(store);
    DropInStore.#known.set(store, known);
    return known;
  }

  static readonly #known = new WeakMap<object, DropInStore>();

  read(keys: readonly string[]): Promise<(SessionRecord | undefined)[]> {
    return Promise.all(keys.map((key) => this.#read(key)));
  }

  create(records: readonly SessionRecord[]): Promise<StoreOutcome[]> {
    return each(records, (record) => this.#set(record));
  }

  update(changes: readonly SessionChange[]): Promise<StoreOutcome[]> {
    return each(changes, async ({ key, version, next }) => {
      const last = this.#lastWrites.get(key);
      if (last !== undefined && (last === 'gone' || last.version !== version)) return false;
      if (next.version !== version) return this.#set(next);
      if (this.#store.touch) {
        // Some stores keep things of their own on a session, and look for them here.
        const row = rowOf(next);
        await callStore(this.#store, 'touch', [key, { ...(next.source ?? row), cookie: row.cookie }]);
      }
      return true;
    });
  }

  delete(keys: readonly string[]): Promise<StoreOutcome[]> {
    return each(keys, async (key) => {
      this.#remember(key, 'gone');
      this.#ending.add(key);
      try {
        await callStore(this.#store, 'destroy', [key]);
        return true;
      } finally {
        this.#ending.delete(key);
      }
    });
  }

  async #read(key: string): Promise<SessionRecord | undefined> {
    const before = this.#lastWrites.get(key);
    const session = await getSession(this.#store, key);
    if (session === undefined || this.#ending.has(key)) return undefined;
    const record = recordFrom(key, session);
    if (before === undefined || before !== this.#lastWrites.get(key)) return record;
    if (before !== 'gone' && before.textVersion === record.version) {
      return { ...record, version: before.version };
    }
    this.#lastWrites.delete(key);
    return record;
  }

  /** False where the session was ended while it was on its way to a slow store, where it then must not stay. */
  async #set(record: SessionRecord): Promise<boolean> {
    const { key } = record;
    const before = this.#lastWrites.get(key);
    await callStore(this.#store, 'set', [key, rowOf(record)]);
    if (before !== 'gone' && this.#lastWrites.get(key) === 'gone') {
      await callStore(this.#store, 'destroy', [key]);
      return false;
    }
    this.#remember(key, { version: record.version, textVersion: versionOf(record.data) });
    return true;
  }

  #remember(key: string, last: LastWrite): void {
    this.#lastWrites.delete(key);
    this.#lastWrites.set(key, last);
    if (this.#lastWrites.size <= CAPACITY) return;
    for (const oldest of this.#lastWrites.keys()) {
      this.#lastWrites.delete(oldest);
      break;
    }
  }
}

/** A record as express-session writes it: with the end of its cookie, which tells the store how long to keep it. */
function rowOf(record: SessionRecord): StoredSession {
  const life = record.cookie?.originalMaxAge ?? null;
  return writeRow(record, life === null ? null : new Date(record.lastSeenAt + life));
}

/** What a store returned, as a record. That the session is alive is the store's word: nothing expires here. */
export function recordFrom(key: string, session: unknown): SessionRecord {
  const now = Date.now();
  const row = readRow(session);
  return row === undefined
    ? corruptRecord(key, now)
    : { ...recordOf(key, row, now), expiresAt: Infinity, source: session as object };
}
