import type { SessionChange, SessionRecord } from '../../core/session-record.js';
import type { SessionStore, StoreOutcome } from '../../core/session-store.js';
import { refuseUnknownOptions } from '../../core/store-options.js';
import { describe, messages } from '../../errors/messages.js';
import { SessionDataError } from '../../errors/session-data.error.js';
import { SessionOptionsError } from '../../errors/session-options.error.js';
import { callStore, type ExpressSessionStore, isExpressStore } from './express-session-store.js';
import {
  corruptRecord,
  factsOf,
  readRow,
  recordOf,
  withFixedAttributes,
  withOwnLife,
  writeRow,
} from './session-row.js';

/** So many keys of sessions that ended are remembered. */
const CAPACITY = 10_000;

/** Options of an {@link ExpressStoreAdapter}. */
export interface ExpressStoreAdapterOptions {
  /**
   * Keep sessions under the digest of their id, so that who reads the store cannot sign in with what is there. Sessions
   * that express-session stored are then not found, and it does not find these.
   *
   * @defaultValue `false`: under the id itself, as express-session does
   */
  readonly hashIds?: boolean;
}

/**
 * Makes a {@link SessionStore} of a store for express-session: of any `connect-*` package, or of any object with `get`,
 * `set` and `destroy`. Sessions that express-session stored are read, and what is written express-session reads again,
 * so that both can run side by side while an application moves.
 *
 * It is weaker than a store made for this package. There is no conditional write: before a change the row is read
 * again, so that what another instance changed is merged and what it ended stays ended, but for what happens in the
 * moment between that read and the write. What a request on another instance does under an id that was renewed
 * meanwhile is lost, even a logout. It cannot find the sessions of a user, nor a session by its handle (but with
 * `hashIds`), nor renew ids on a schedule; what needs that is refused. Ids are readable in the store unless `hashIds`
 * is set.
 *
 * @example
 * ```ts
 * SessionModule.forRoot({ secret, store: new ExpressStoreAdapter(new RedisStore({ client }), { hashIds: true }) })
 * ```
 */
export class ExpressStoreAdapter implements SessionStore {
  readonly sharesCalls = false;
  readonly keepsCookies = true;
  readonly keepsPreviousKeys = false;
  /** Whether sessions are kept under their ids: unless `hashIds` is set. */
  readonly keepsIds: boolean;
  readonly #store: ExpressSessionStore;
  /** The keys of sessions that were ended here, oldest first: a write under way meanwhile takes its row out again. */
  readonly #ended = new Set<string>();

  /** @throws SessionOptionsError when `store` has not the methods of one, or an option is wrong. */
  constructor(store: ExpressSessionStore, options: ExpressStoreAdapterOptions = {}) {
    if (!isExpressStore(store)) throw new SessionOptionsError(messages.expressStore(describe(store)));
    refuseUnknownOptions('ExpressStoreAdapter', options, ['hashIds']);
    const { hashIds = false } = options;
    if (typeof hashIds !== 'boolean') throw new SessionOptionsError(messages.hashIds(describe(hashIds)));
    this.keepsIds = !hashIds;
    this.#store = store;
  }

  read(keys: readonly string[]): Promise<(SessionRecord | undefined)[]> {
    return Promise.all(keys.map((key) => this.#read(key)));
  }

  create(records: readonly SessionRecord[]): Promise<StoreOutcome[]> {
    return each(records, async (record) => {
      if (await this.#has(record.key)) return false;
      this.#ended.delete(record.key);
      await this.#write(record);
      return true;
    });
  }

  update(changes: readonly SessionChange[]): Promise<StoreOutcome[]> {
    return each(changes, async ({ key, version, next }) => {
      if ((await this.#read(key))?.version !== version) return false;
      const isRenewed = next.key !== key;
      if (isRenewed && (await this.#has(next.key))) throw new SessionDataError(messages.storeExists);
      await this.#write(next);
      const isEnded = this.#ended.has(key);
      if (isEnded) await this.#destroy(next.key);
      else if (isRenewed) await this.#destroy(key);
      return !isEnded;
    });
  }

  delete(keys: readonly string[]): Promise<StoreOutcome[]> {
    return each(keys, async (key) => {
      if (!this.#mayHold(key)) return false;
      const found = await this.#has(key);
      await this.#end(key);
      return found;
    });
  }

  /** A handle may come from anywhere: what is no digest is none of the keys that sessions have here. */
  #mayHold(key: string): boolean {
    return this.keepsIds || /^[\w-]{43}$/.test(key);
  }

  async #has(key: string): Promise<boolean> {
    return (await this.#read(key)) !== undefined;
  }

  async #read(key: string): Promise<SessionRecord | undefined> {
    if (!this.#mayHold(key)) return undefined;
    const now = Date.now();
    const session = await getSession(this.#store, key).catch(unreadable);
    if (session === undefined) return undefined;
    const row = readRow(session);
    if (row === undefined) return corruptRecord(key, now);
    if (row.facts === undefined) return { ...recordOf(key, withOwnLife(row), now), due: 'touch' };
    const expiresAt = Date.parse(row.cookie.expires ?? '');
    if (Number.isNaN(expiresAt)) return corruptRecord(key, now);
    return { ...row.facts, key, data: row.data, expiresAt, previousKey: null };
  }

  /** Always the whole row: the `touch` of many stores moves their own deadline alone, and leaves the row's as it was. */
  async #write(record: SessionRecord): Promise<void> {
    const row = writeRow(withFixedAttributes(record), new Date(record.expiresAt), factsOf(record));
    await callStore(this.#store, 'set', [record.key, row]);
  }

  async #end(key: string): Promise<void> {
    this.#ended.add(key);
    if (this.#ended.size > CAPACITY) this.#ended.delete(this.#ended.values().next().value!);
    try {
      await this.#destroy(key);
    } catch (error) {
      this.#ended.delete(key);
      throw error;
    }
  }

  async #destroy(key: string): Promise<void> {
    await callStore(this.#store, 'destroy', [key]).catch(missing);
  }
}

/** The session under a key, or undefined. */
export async function getSession(store: ExpressSessionStore, key: string): Promise<unknown> {
  const session = await callStore<unknown>(store, 'get', [key]).catch(missing);
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
