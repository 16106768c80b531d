import { KeyedIds } from '../../core/record/session-id.js';
import type { SessionChange, SessionRecord } from '../../core/record/session-record.js';
import type { SessionStore, StoreOutcome } from '../../core/store/session-store.js';
import { refuseUnknownOptions } from '../../core/store/store-options.js';
import { describe } from '../../errors/describe.js';
import { messages } from '../../errors/messages.js';
import { StoreFault } from '../../errors/store-fault.js';
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

/** The form of a key: 22 characters of base64url, or 43 for an id from elsewhere. */
const KEY = /^(?:[\w-]{22}|[\w-]{43})$/;

/** Options of an {@link ExpressStoreAdapter}. */
export interface ExpressStoreAdapterOptions {
  /**
   * Stores sessions under their keys instead of their ids, so that someone who reads the store cannot use the sessions.
   * This store and express-session then do not find each other's sessions.
   *
   * @defaultValue `false`: under the id itself, as express-session does
   */
  readonly hashIds?: boolean;
}

/**
 * Turns a store for express-session into a {@link SessionStore}: any `connect-*` package, or any object with `get`,
 * `set` and `destroy`. It reads sessions of express-session, and express-session reads its sessions, so that both can
 * run together while an application moves.
 *
 * It has limitations compared with the stores of this package:
 *
 * - There is no conditional write. The row is read again before a change, so that changes and ends by another instance are
 *   respected, except between that read and the write.
 * - It cannot find the sessions of a user, nor a session by its handle (except with `hashIds`), nor renew ids on a schedule
 *   (except with `hashIds`). The application does not start with options that need this.
 * - Without `hashIds`, ids are readable in the store, and a new id moves the row. Requests under way with the old id follow it
 *   in this process. On other instances they find no session, and their changes are lost, even a logout.
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

  /** @throws SessionOptionsError if `store` lacks a method, or an option is wrong. */
  constructor(store: ExpressSessionStore, options: ExpressStoreAdapterOptions = {}) {
    if (!isExpressStore(store)) throw new SessionOptionsError(messages.expressStore(describe(store)));
    refuseUnknownOptions('ExpressStoreAdapter', options, ['hashIds']);
    const { hashIds = false } = options;
    if (typeof hashIds !== 'boolean') throw new SessionOptionsError(messages.hashIds(describe(hashIds)));
    this.keepsIds = !hashIds;
    this.#store = store;
  }

  read(rowKeys: readonly string[]): Promise<(SessionRecord | undefined)[]> {
    return Promise.all(rowKeys.map(async (rowKey) => (await this.#find(rowKey)).record));
  }

  create(records: readonly SessionRecord[]): Promise<StoreOutcome[]> {
    return each(records, async (record) => {
      const rowKey = (this.keepsIds ? record.id : undefined) ?? record.key;
      if ((await this.#read(rowKey)) !== undefined) return false;
      this.#history.began(rowKey);
      await this.#set(rowKey, record);
      return this.#history.isCurrent(rowKey) || this.#removeAgain(rowKey);
    });
  }

  update(changes: readonly SessionChange[]): Promise<StoreOutcome[]> {
    return each(changes, async ({ key, version, next }) => {
      const { rowKey, record } = await this.#find(key);
      if (record?.version !== version) return false;
      const isRenewed = this.keepsIds && next.id !== undefined && next.id !== key;
      if (isRenewed) return this.#move(rowKey, next.id, next);
      await (next.version === version ? this.#touch(rowKey, next) : this.#set(rowKey, next));
      return this.#history.isCurrent(rowKey) || this.#removeAgain(rowKey);
    });
  }

  delete(rowKeys: readonly string[]): Promise<StoreOutcome[]> {
    return each(rowKeys, async (given) => {
      if (!this.#mayHold(given)) return false;
      const { record } = await this.#find(given);
      const rowKey = this.#history.latestOf(given); // computed now, because it may have moved
      this.#history.ended(rowKey);
      try {
        await this.#destroy(rowKey);
      } catch (error) {
        this.#history.began(rowKey);
        throw error;
      }
      return record !== undefined;
    });
  }

  /** Whether a text has the format of a key. Handles may come from clients. */
  #mayHold(rowKey: string): boolean {
    return this.keepsIds || KEY.test(rowKey);
  }

  /** The present row of a session, and its key. */
  async #find(given: string): Promise<{ rowKey: string; record: SessionRecord | undefined }> {
    for (;;) {
      const rowKey = this.#history.latestOf(given);
      const record = await this.#read(rowKey);
      if (this.#history.latestOf(given) === rowKey) return { rowKey, record };
    }
  }

  async #read(rowKey: string): Promise<SessionRecord | undefined> {
    if (!this.#mayHold(rowKey)) return undefined;
    const now = Date.now();
    const session = await getSession(this.#store, rowKey).catch(unreadable);
    if (session === undefined) return undefined;
    const row = readRow(session);
    const names = this.#namesAt(rowKey, row?.facts?.token);
    if (row === undefined) return corruptRecord(names, now);
    if (row.facts === undefined) {
      if (!this.keepsIds) return corruptRecord(names, now);
      return { ...recordOf(names, withOwnLife(row), now), due: 'touch' };
    }
    const expiresAt = Date.parse(row.cookie.expires ?? '');
    if (Number.isNaN(expiresAt)) return corruptRecord(names, now);
    return { ...row.facts, ...names, reference: null, data: row.data, expiresAt };
  }

  /** Key and token follow from an id. For a key, the row has the token. */
  #namesAt(rowKey: string, storedToken = ''): Names {
    if (!this.keepsIds) return { key: rowKey, token: storedToken };
    return { key: this.#ids.keyOf(rowKey), token: this.#ids.tokenOf(rowKey) };
  }

  async #set(rowKey: string, record: SessionRecord): Promise<void> {
    await callStore(this.#store, 'set', [rowKey, rowOf(record)]);
  }

  /**
   * Writes the whole row, because the `touch` of many stores does not change the deadline in the row. Some stores refuse to
   * write an existing row; their `touch` at least keeps the session of express-session alive.
   */
  async #touch(rowKey: string, record: SessionRecord): Promise<void> {
    try {
      await this.#set(rowKey, record);
    } catch (error) {
      if (this.#store.touch === undefined) throw error;
      await callStore(this.#store, 'touch', [rowKey, rowOf(record)]).catch(() => {
        throw error;
      });
    }
  }

  /** Moves a row. The new one is written before the old one is removed. */
  async #move(from: string, to: string, record: SessionRecord): Promise<boolean> {
    if ((await this.#read(to)) !== undefined) throw new SessionDataError(messages.storeExists);
    this.#history.began(to);
    await this.#set(to, record);
    if (!this.#history.isCurrent(from)) return this.#removeAgain(to);
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

  /** Removes a row whose session was ended or moved while it was written. */
  async #removeAgain(rowKey: string): Promise<false> {
    await this.#destroy(rowKey);
    return false;
  }

  async #destroy(rowKey: string): Promise<void> {
    await callStore(this.#store, 'destroy', [rowKey]).catch(missing);
  }
}

/** A record as a row with its facts. */
function rowOf(record: SessionRecord): StoredSession {
  return writeRow(withFixedAttributes(record), new Date(record.expiresAt), factsOf(record));
}

/** The session in a row of a store, or undefined. */
export async function getSession(store: ExpressSessionStore, rowKey: string): Promise<unknown> {
  const session = await callStore<unknown>(store, 'get', [rowKey]).catch(missing);
  if (session) return session;
  return undefined;
}

/** Stores of files report a missing session as ENOENT. */
function missing(error: unknown): undefined {
  if ((error as { code?: unknown } | null | undefined)?.code !== 'ENOENT') throw error;
}

/** A session that the store cannot parse is corrupt. It is not a failure of the store. */
function unreadable(error: unknown): null {
  if (!(error instanceof SyntaxError)) throw error;
  return null;
}

/** Does something for each item. The outcome of an item that fails is its error. */
export function each<Item>(
  items: readonly Item[],
  work: (item: Item) => Promise<boolean>,
): Promise<StoreOutcome[]> {
  return Promise.all(items.map((item) => work(item).catch(toError)));
}

function toError(error: unknown): Error {
  if (error instanceof Error) return error;
  const kind = typeof error === 'number' ? 'a number' : describe(error);
  return new StoreFault(messages.notAnError(kind), { cause: error });
}
