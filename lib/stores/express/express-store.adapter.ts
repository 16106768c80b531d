import { KeyedIds } from '../../core/record/session-id.js';
import type { SessionChange, SessionRecord } from '../../core/record/session-record.js';
import type { SessionStore, StoreOutcome } from '../../core/store/session-store.js';
import { refuseUnknownOptions } from '../../core/store/store-options.js';
import { describe, messages } from '../../errors/messages.js';
import { SessionDataError } from '../../errors/session-data.error.js';
import { SessionOptionsError } from '../../errors/session-options.error.js';
import {
  callStore,
  type ExpressSessionStore,
  isExpressStore,
  type StoredSession,
} from './express-session-store.js';
import { IdHistory } from './id-history.js';
import {
  corruptRecord,
  factsOf,
  type Names,
  readRow,
  recordOf,
  withFixedAttributes,
  withOwnLife,
  writeRow,
} from './session-row.js';

/** The forms of a key: 22 characters of base64url of a new session, 43 of one whose id came from elsewhere. */
const KEY = /^(?:[\w-]{22}|[\w-]{43})$/;

/** Options of an {@link ExpressStoreAdapter}. */
export interface ExpressStoreAdapterOptions {
  /**
   * Keep sessions under their keys and not under their ids, so that nobody who reads the store can sign in with what is
   * there. Sessions that express-session stored are then not found, and it does not find these.
   *
   * @defaultValue `false`: under the id itself, as express-session does
   */
  readonly hashIds?: boolean;
}

/**
 * Makes a {@link SessionStore} of a store for express-session: of any `connect-*` package, or of any object with `get`,
 * `set` and `destroy`. Sessions that express-session stored are read, and express-session reads what is written here, so
 * that both can run side by side while an application moves.
 *
 * It is weaker than a store made for this package:
 *
 * - There is no conditional write. The row is read again before a change, so that what another instance changed is merged
 *   and what it ended stays ended, except in the moment between that read and the write.
 * - It cannot find the sessions of a user, nor a session by its handle (except with `hashIds`), nor renew ids on a schedule
 *   (except with `hashIds`). The application does not start with options that need this.
 * - Without `hashIds`, ids are readable in the store, and a renewed id means that the row moves. Requests under way with the
 *   old id follow it in this process. Those on other instances find no session: what they do is lost, even a logout.
 *
 * @example
 * ```ts
 * SessionModule.forRoot({ secret, store: new ExpressStoreAdapter(new RedisStore({ client }), { hashIds: true }) })
 * ```
 */
export class ExpressStoreAdapter implements SessionStore {
  readonly sharesCalls = false;
  readonly keepsCookies = true;
  /** Whether sessions are kept under their ids: unless `hashIds` is set. */
  readonly keepsIds: boolean;
  readonly #store: ExpressSessionStore;
  readonly #ids = new KeyedIds();
  readonly #history = new IdHistory();

  /** @throws SessionOptionsError when `store` lacks a method, or an option is wrong. */
  constructor(store: ExpressSessionStore, options: ExpressStoreAdapterOptions = {}) {
    if (!isExpressStore(store)) throw new SessionOptionsError(messages.expressStore(describe(store)));
    refuseUnknownOptions('ExpressStoreAdapter', options, ['hashIds']);
    const { hashIds = false } = options;
    if (typeof hashIds !== 'boolean') throw new SessionOptionsError(messages.hashIds(describe(hashIds)));
    this.keepsIds = !hashIds;
    this.#store = store;
  }

  read(places: readonly string[]): Promise<(SessionRecord | undefined)[]> {
    return Promise.all(places.map(async (place) => (await this.#find(place)).record));
  }

  create(records: readonly SessionRecord[]): Promise<StoreOutcome[]> {
    return each(records, async (record) => {
      const place = (this.keepsIds ? record.id : undefined) ?? record.key;
      if ((await this.#read(place)) !== undefined) return false;
      this.#history.began(place);
      await this.#set(place, record);
      return this.#history.isCurrent(place) || this.#takeOut(place);
    });
  }

  update(changes: readonly SessionChange[]): Promise<StoreOutcome[]> {
    return each(changes, async ({ key, version, next }) => {
      const { place, record } = await this.#find(key);
      if (record?.version !== version) return false;
      const isRenewed = this.keepsIds && next.id !== undefined && next.id !== key;
      if (isRenewed) return this.#move(place, next.id, next);
      await (next.version === version ? this.#touch(place, next) : this.#set(place, next));
      return this.#history.isCurrent(place) || this.#takeOut(place);
    });
  }

  delete(places: readonly string[]): Promise<StoreOutcome[]> {
    return each(places, async (given) => {
      if (!this.#mayHold(given)) return false;
      const { record } = await this.#find(given);
      const place = this.#history.latestOf(given); // now: it may have moved since
      this.#history.ended(place);
      try {
        await this.#destroy(place);
      } catch (error) {
        this.#history.began(place);
        throw error;
      }
      return record !== undefined;
    });
  }

  /** A handle may come from anywhere: text of another form is no key. */
  #mayHold(place: string): boolean {
    return this.keepsIds || KEY.test(place);
  }

  /** The place that a session has now, and what is there. */
  async #find(given: string): Promise<{ place: string; record: SessionRecord | undefined }> {
    for (;;) {
      const place = this.#history.latestOf(given);
      const record = await this.#read(place);
      if (this.#history.latestOf(given) === place) return { place, record };
    }
  }

  async #read(place: string): Promise<SessionRecord | undefined> {
    if (!this.#mayHold(place)) return undefined;
    const now = Date.now();
    const session = await getSession(this.#store, place).catch(unreadable);
    if (session === undefined) return undefined;
    const row = readRow(session);
    const names = this.#namesAt(place, row?.facts?.token);
    if (row === undefined) return corruptRecord(names, now);
    if (row.facts === undefined) {
      if (!this.keepsIds) return corruptRecord(names, now);
      return { ...recordOf(names, withOwnLife(row), now), due: 'touch' };
    }
    const expiresAt = Date.parse(row.cookie.expires ?? '');
    if (Number.isNaN(expiresAt)) return corruptRecord(names, now);
    return { ...row.facts, ...names, data: row.data, expiresAt };
  }

  /** An id leads to its session's key and token, whatever the row says. A key does not: its row has the token. */
  #namesAt(place: string, storedToken = ''): Names {
    if (!this.keepsIds) return { key: place, token: storedToken };
    return { key: this.#ids.keyOf(place), token: this.#ids.tokenOf(place) };
  }

  async #set(place: string, record: SessionRecord): Promise<void> {
    await callStore(this.#store, 'set', [place, rowOf(record)]);
  }

  /**
   * Writes the whole row: the `touch` of many stores moves their own deadline alone, and leaves that of the row as it was.
   * Some stores refuse to write a row that exists; their `touch` keeps at least the session of express-session alive.
   */
  async #touch(place: string, record: SessionRecord): Promise<void> {
    try {
      await this.#set(place, record);
    } catch (error) {
      if (this.#store.touch === undefined) throw error;
      await callStore(this.#store, 'touch', [place, rowOf(record)]).catch(() => {
        throw error;
      });
    }
  }

  /** Moves a row: the new one is there before the old one goes. */
  async #move(from: string, to: string, record: SessionRecord): Promise<boolean> {
    if ((await this.#read(to)) !== undefined) throw new SessionDataError(messages.storeExists);
    this.#history.began(to);
    await this.#set(to, record);
    if (!this.#history.isCurrent(from)) return this.#takeOut(to);
    this.#history.renewed(from, to);
    try {
      await this.#destroy(from);
    } catch (error) {
      this.#history.began(from);
      await this.#destroy(to).catch(() => undefined); // the session stays where it was
      throw error;
    }
    return true;
  }

  /** Removes a row again whose session was ended, or moved to another place, while it was written. */
  async #takeOut(place: string): Promise<false> {
    await this.#destroy(place);
    return false;
  }

  async #destroy(place: string): Promise<void> {
    await callStore(this.#store, 'destroy', [place]).catch(missing);
  }
}

/** A record as a row with its facts. */
function rowOf(record: SessionRecord): StoredSession {
  return writeRow(withFixedAttributes(record), new Date(record.expiresAt), factsOf(record));
}

/** The session in a place of a store, or undefined. */
export async function getSession(store: ExpressSessionStore, place: string): Promise<unknown> {
  const session = await callStore<unknown>(store, 'get', [place]).catch(missing);
  if (session) return session;
  return undefined;
}

/** Stores that keep files say with ENOENT that there is no session. */
function missing(error: unknown): undefined {
  if ((error as { code?: unknown } | null | undefined)?.code !== 'ENOENT') throw error;
}

/** What a store cannot parse is no session, rather than a fault of the store. */
function unreadable(error: unknown): null {
  if (!(error instanceof SyntaxError)) throw error;
  return null;
}

/** Does something for each item; one that fails is answered with its error. */
export function each<Item>(
  items: readonly Item[],
  work: (item: Item) => Promise<boolean>,
): Promise<StoreOutcome[]> {
  return Promise.all(items.map((item) => work(item).catch(toError)));
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(messages.notAnError(describe(error)), { cause: error });
}
