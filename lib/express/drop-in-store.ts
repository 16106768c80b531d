import { BoundedMap } from '../core/record/bounded-map.js';
import { ownText } from '../core/record/recent-map.js';
import type { SessionChange, SessionRecord } from '../core/record/session-record.js';
import type { SessionStore, StoreOutcome } from '../core/store/session-store.js';
import {
  callStore,
  type ExpressSessionStore,
  type StoredSession,
} from '../stores/express/express-session-store.js';
import { each, getSession } from '../stores/express/express-store.adapter.js';
import { corruptRecord, readRow, recordOf, versionOf, writeRow } from '../stores/express/session-row.js';

/** What became of a session in this process: the version that its text was written as, or its end. */
type LastWrite = { readonly version: number; readonly textVersion: number } | 'ended';

/** How many sessions are remembered. */
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
  readonly #store: ExpressSessionStore;
  readonly #lastWrites = new BoundedMap<LastWrite>({ entries: CAPACITY });
  /** The ids whose sessions are being destroyed: nobody finds them any more. */
  readonly #ending = new Set<string>();

  constructor(store: ExpressSessionStore) {
    this.#store = store;
  }

  /** The only one for a store, as it has to know everything that goes through. */
  static of(store: ExpressSessionStore): DropInStore {
    const known = DropInStore.#known.get(store) ?? new DropInStore(store);
    DropInStore.#known.set(store, known);
    return known;
  }

  static readonly #known = new WeakMap<object, DropInStore>();

  read(ids: readonly string[]): Promise<(SessionRecord | undefined)[]> {
    return Promise.all(ids.map((id) => this.#read(id)));
  }

  create(records: readonly SessionRecord[]): Promise<StoreOutcome[]> {
    return each(records, (record) => this.#set(idOf(record), record));
  }

  update(changes: readonly SessionChange[]): Promise<StoreOutcome[]> {
    return each(changes, async ({ key: id, version, next }) => {
      const last = this.#lastWrites.get(id);
      if (last !== undefined && (last === 'ended' || last.version !== version)) return false;
      if (next.version !== version) return this.#set(idOf(next), next);
      if (this.#store.touch) {
        // Some stores keep things of their own on a session, and look for them here.
        const row = rowOf(next);
        await callStore(this.#store, 'touch', [id, { ...(next.source ?? row), cookie: row.cookie }]);
      }
      return true;
    });
  }

  delete(ids: readonly string[]): Promise<StoreOutcome[]> {
    return each(ids, async (id) => {
      this.#remember(id, 'ended');
      this.#ending.add(id);
      try {
        await callStore(this.#store, 'destroy', [id]);
        return true;
      } finally {
        this.#ending.delete(id);
      }
    });
  }

  async #read(id: string): Promise<SessionRecord | undefined> {
    const before = this.#lastWrites.get(id);
    const session = await getSession(this.#store, id);
    if (session === undefined || this.#ending.has(id)) return undefined;
    const record = recordFrom(id, session);
    if (before === undefined || before !== this.#lastWrites.get(id)) return record;
    if (before !== 'ended' && before.textVersion === record.version) {
      return { ...record, version: before.version };
    }
    this.#lastWrites.delete(id);
    return record;
  }

  /** False where the session was ended while it was on its way to a slow store, where it then must not stay. */
  async #set(id: string, record: SessionRecord): Promise<boolean> {
    const before = this.#lastWrites.get(id);
    await callStore(this.#store, 'set', [id, rowOf(record)]);
    if (before !== 'ended' && this.#lastWrites.get(id) === 'ended') {
      await callStore(this.#store, 'destroy', [id]);
      return false;
    }
    this.#remember(id, { version: record.version, textVersion: versionOf(record.data) });
    return true;
  }

  #remember(id: string, last: LastWrite): void {
    this.#lastWrites.set(ownText(id), last);
  }
}

/** A record as express-session writes it: with the end of its cookie, which tells the store how long to keep it. */
function rowOf(record: SessionRecord): StoredSession {
  const life = record.cookie?.originalMaxAge ?? null;
  return writeRow(record, life === null ? null : new Date(record.lastSeenAt + life));
}

/** What a store returned, as a record. That the session is alive is the store's word: nothing expires here. */
export function recordFrom(id: string, session: unknown): SessionRecord {
  const now = Date.now();
  const names = { key: id, token: id };
  const row = readRow(session);
  return row === undefined
    ? corruptRecord(names, now)
    : { ...recordOf(names, row, now), expiresAt: Infinity, source: session as object };
}

/** The id of a session that is written. It is the key of a new one. */
function idOf({ id, key }: SessionRecord): string {
  return id ?? key;
}
