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

  constructor(store: ExpressSessionStore) {
    this.#store = store;
  }

  read(keys: readonly string[]): Promise<(SessionRecord | undefined)[]> {
    return Promise.all(keys.map((key) => this.#read(key)));
  }

  create(records: readonly SessionRecord[]): Promise<StoreOutcome[]> {
    return each(records, async (record) => {
      await this.#set(record);
      return true;
    });
  }

  update(changes: readonly SessionChange[]): Promise<StoreOutcome[]> {
    return each(changes, async ({ key, version, next }) => {
      const last = this.#lastWrites.get(key);
      if (last !== undefined && (last === 'gone' || last.version !== version)) return false;
      if (next.version !== version) await this.#set(next);
      else if (this.#store.touch) await callStore(this.#store, 'touch', [key, rowOf(next)]);
      return true;
    });
  }

  delete(keys: readonly string[]): Promise<StoreOutcome[]> {
    return each(keys, async (key) => {
      await callStore(this.#store, 'destroy', [key]);
      this.#remember(key, 'gone');
      return true;
    });
  }

  async #read(key: string): Promise<SessionRecord | undefined> {
    const before = this.#lastWrites.get(key);
    const session = await getSession(this.#store, key);
    if (session === undefined) return undefined;
    const record = recordFrom(key, session);
    if (before === undefined || before !== this.#lastWrites.get(key)) return record;
    if (before !== 'gone' && before.textVersion === record.version) {
      return { ...record, version: before.version };
    }
    this.#lastWrites.delete(key);
    return record;
  }

  async #set(record: SessionRecord): Promise<void> {
    await callStore(this.#store, 'set', [record.key, rowOf(record)]);
    this.#remember(record.key, { version: record.version, textVersion: versionOf(record.data) });
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
  return row === undefined ? corruptRecord(key, now) : { ...recordOf(key, row, now), expiresAt: Infinity };
}
