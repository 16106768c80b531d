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

/** The last write of a session in this process, or its end. */
type LastWrite = { readonly version: number; readonly textVersion: number } | 'ended';

/** How many sessions are remembered. */
const CAPACITY = 10_000;

/**
 * Adapts a store of express-session to the engine, with the same calls as express-session: one `get` to read, one `set` or
 * `touch` to write. Rows stay exactly as express-session writes them.
 *
 * A change is refused, so that the engine reads again and merges, if this process wrote the session since it was read. Writes
 * of other processes are overwritten, as with express-session.
 */
export class DropInStore implements SessionStore {
  readonly sharesCalls = false;
  readonly keepsIds = true;
  readonly keepsCookies = true;
  readonly #store: ExpressSessionStore;
  readonly #lastWrites = new BoundedMap<LastWrite>({ entries: CAPACITY });
  /** The ids of sessions that are being destroyed, which are no longer found. */
  readonly #ending = new Set<string>();

  constructor(store: ExpressSessionStore) {
    this.#store = store;
  }

  /** The adapter of a store. There is only one, because it must see all writes. */
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
        // Some stores add their own properties to a session, and need them here.
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

  /** Writes a session. Returns false if it was ended meanwhile, and removes it again. */
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

/** A record as express-session writes it, with the end of its cookie, until which the store keeps it. */
function rowOf(record: SessionRecord): StoredSession {
  const life = record.cookie?.originalMaxAge ?? null;
  return writeRow(record, life === null ? null : new Date(record.lastSeenAt + life));
}

/** A row of the store as a record. Only the store decides when it expires. */
export function recordFrom(id: string, session: unknown): SessionRecord {
  const now = Date.now();
  const names = { key: id, token: id };
  const row = readRow(session);
  return row === undefined
    ? corruptRecord(names, now)
    : { ...recordOf(names, row, now), expiresAt: Infinity, source: session as object };
}

/** The id of a written session. For a new one it is the key. */
function idOf({ id, key }: SessionRecord): string {
  return id ?? key;
}
