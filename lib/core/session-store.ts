import type { TokenCodec } from './engine-settings.js';
import type { SessionChange, SessionRecord, SessionSummary } from './session-record.js';

/**
 * What became of one item of a shared write: `true` when it was applied, `false` when its condition did not hold
 * (`create`: the key exists; `update`: the record is gone or has another version; `delete`: there was nothing to delete),
 * or the error that this item alone failed with.
 */
export type StoreOutcome = boolean | Error;

/**
 * Where sessions live. Four methods, each of which is asked about many sessions at once: requests that are under way
 * at the same time share a call. Answers come in the order of the questions.
 *
 * "Not found" is a value, an error is a fault: a method rejects only when the store as a whole failed, and then none
 * of its items may have been applied by a later retry. One bad item must not fail the others: it is answered with its error.
 *
 * The suite `sessionStoreContract` of `nest-session/testing` says whether an implementation keeps the contract.
 */
export interface SessionStore {
  /** Reads records by key or by `previousKey`; `undefined` where there is none. An expired record may still be returned. */
  read(keys: readonly string[]): Promise<readonly (SessionRecord | undefined)[]>;

  /** Adds records; `false` for a key that exists. */
  create(records: readonly SessionRecord[]): Promise<readonly StoreOutcome[]>;

  /** Replaces records that still have the expected version, atomically each. No key occurs twice in one call. */
  update(changes: readonly SessionChange[]): Promise<readonly StoreOutcome[]>;

  /** Removes records by key or by `previousKey`; `false` where there was none. */
  delete(keys: readonly string[]): Promise<readonly StoreOutcome[]>;

  /**
   * Whether one call about many sessions is cheaper than many calls. If not, every call is about one session, and any
   * number of them run at once, so that a slow one holds up nobody else.
   *
   * @defaultValue true
   */
  readonly sharesCalls?: boolean;

  /** Whether sessions are kept under the id itself rather than under its digest, as express-session does. @defaultValue false */
  readonly keepsIds?: boolean;

  /** Whether a record is found under its `previousKey` as well, which renewing ids on a schedule needs. @defaultValue true */
  readonly keepsPreviousKeys?: boolean;

  /** Whether records carry the session's cookie settings (`record.cookie`), for whoever else reads the store. @defaultValue false */
  readonly keepsCookies?: boolean;

  /** Called once when the application starts: check that the store can work, and throw an error that says the remedy if not. */
  start?(): Promise<void> | void;

  /** Called once when the application stops: leave no timer and no connection of your own open. */
  close?(): Promise<void> | void;
}

/** A store that knows whose sessions it holds. */
export interface UserSessionStore {
  /** The sessions of a user, newest first, expired ones left out. */
  findByUser(userId: string, now: number): Promise<readonly SessionSummary[]>;

  /** How many sessions there are (of one user, if given), expired ones left out. */
  count(userId: string | undefined, now: number): Promise<number>;

  /** Removes every session of a user but those whose key or `previousKey` is in `except`; returns the keys that were removed. */
  deleteByUser(userId: string, except: readonly string[]): Promise<readonly string[]>;

  /** Removes all sessions; returns how many there were. */
  deleteAll(): Promise<number>;
}

/** A store whose expired records have to be removed by somebody. */
export interface PrunableSessionStore {
  /** Removes at most `limit` records that expired before `now`; returns how many. May run on several instances at once. */
  prune(now: number, limit: number): Promise<number>;

  /** Milliseconds between two prunings (each jittered by half), or `false` for none. @defaultValue 600 000 (ten minutes) */
  readonly pruneInterval?: number | false | undefined;
}

/** What {@link CookieSealingStore.codecFor} has to know of an application. */
export interface SealingApplication {
  /** The name of the session cookie. */
  readonly cookieName: string;
  /** The option `secret`: the first seals, all open. */
  readonly secrets: readonly (string | Buffer)[];
  /** How many characters of a sealed session there is room for in {@link CookieSealingStore.maxCookies} cookies. */
  readonly maxLength: number;
}

/**
 * A store that keeps nothing: each session stands sealed in its own cookie. Its other methods answer that all is well, and
 * find nothing.
 */
export interface CookieSealingStore {
  /** What seals the sessions of an application into their cookies and opens them again. Asked for once, at the start. */
  codecFor(application: SealingApplication): TokenCodec;

  /** How many cookies one session may take. */
  readonly maxCookies: number;
}

/** Whether a store keeps {@link UserSessionStore}. */
export function knowsUsers(store: SessionStore): store is SessionStore & UserSessionStore {
  return typeof (store as Partial<UserSessionStore>).findByUser === 'function';
}

/** Whether a store keeps {@link PrunableSessionStore}. */
export function isPrunable(store: SessionStore): store is SessionStore & PrunableSessionStore {
  return typeof (store as Partial<PrunableSessionStore>).prune === 'function';
}

/** Whether a store is a {@link CookieSealingStore}. */
export function sealsCookies(store: SessionStore): store is SessionStore & CookieSealingStore {
  return typeof (store as Partial<CookieSealingStore>).codecFor === 'function';
}

/** How a store is called in messages. */
export function storeName(store: SessionStore): string {
  return store.constructor?.name ?? 'The session store';
}
