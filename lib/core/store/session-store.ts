import type { TokenCodec } from '../record/token-codec.js';
import type { SessionChange, SessionRecord, SessionSummary } from '../record/session-record.js';

/**
 * What became of one item of a shared write: `true` when it was applied, `false` when its condition did not hold
 * (`create`: the key exists; `update`: the record is gone or has another version; `delete`: there was nothing to delete),
 * or the error that this item alone failed with.
 */
export type StoreOutcome = boolean | Error;

/** What only some stores can do: find sessions by their user ({@link UserSessionStore}), prune ({@link PrunableSessionStore}). */
export type StoreCapability = 'users' | 'prune';

/**
 * Where sessions live. Four methods, each about many sessions at once: requests that are under way at the same time share
 * a call. Answers come in the order of the questions. A store finds, changes and ends sessions by their key alone.
 *
 * "Not found" is a value, an error is a fault: a method rejects only when the store as a whole failed, and then none
 * of its items may be applied by a later retry. One bad item must not fail the others: it is answered with its error.
 *
 * The suite `sessionStoreContract` of `nest-session/testing` tests whether an implementation keeps the contract.
 */
export interface SessionStore {
  /**
   * What the store can do beyond its four methods.
   *
   * @defaultValue what its methods show: 'users' with `findByUser()`, 'prune' with `prune()`
   */
  readonly capabilities?: readonly StoreCapability[];

  /** Reads records by key; `undefined` where there is none. An expired record may still be returned. */
  read(keys: readonly string[]): Promise<readonly (SessionRecord | undefined)[]>;

  /** Adds records; `false` for a key that exists. */
  create(records: readonly SessionRecord[]): Promise<readonly StoreOutcome[]>;

  /**
   * Replaces records that still have the expected version, atomically each. No key occurs twice in one call. A change
   * that was applied already, and comes again because its answer was lost, may be answered with `true`.
   */
  update(changes: readonly SessionChange[]): Promise<readonly StoreOutcome[]>;

  /** Removes records by key; `false` where there was none. */
  delete(keys: readonly string[]): Promise<readonly StoreOutcome[]>;

  /**
   * Whether one call about many sessions is cheaper than many calls. If not, every call is about one session, and any
   * number of them run at once, so that a slow one holds up nobody else.
   *
   * @defaultValue true
   */
  readonly sharesCalls?: boolean;

  /**
   * Whether sessions are kept under the id itself, as express-session does. `read`, `update` and `delete` are then given ids
   * in place of keys, and records that are written carry their `id`.
   *
   * @defaultValue false
   */
  readonly keepsIds?: boolean;

  /** Whether records carry the session's cookie settings (`record.cookie`), for others who read the store. @defaultValue false */
  readonly keepsCookies?: boolean;

  /** Called once when the application starts: check that the store can work, and throw an error that says the remedy if not. */
  start?(): Promise<void> | void;

  /** Called once when the application stops: leave no timer and no connection of your own open. */
  close?(): Promise<void> | void;
}

/** A store that knows whose sessions it holds (capability 'users'). */
export interface UserSessionStore {
  /** The sessions of a user, newest first, expired ones left out. */
  findByUser(userId: string, now: number): Promise<readonly SessionSummary[]>;

  /** How many sessions there are (of one user, if given), expired ones left out. */
  count(userId: string | undefined, now: number): Promise<number>;

  /**
   * Removes records by key, each only if it belongs to the user at that very moment; `false` where it does not.
   *
   * @param createdUntil - Milliseconds since the epoch. A record with a later `createdAt` stays: somebody has signed in to
   * that session again. Not given: no such limit.
   */
  deleteOwned(
    userId: string,
    keys: readonly string[],
    createdUntil?: number,
  ): Promise<readonly StoreOutcome[]>;

  /**
   * Removes every session that belongs to a user, but those whose key is in `except`. It reaches every session that
   * belonged to the user when it was called, also one that somebody changes at that moment, or it rejects.
   *
   * @returns The keys that were removed.
   */
  deleteByUser(userId: string, except: readonly string[]): Promise<readonly string[]>;

  /** Removes all sessions; returns how many there were. */
  deleteAll(): Promise<number>;
}

/** A store whose expired records have to be removed by somebody (capability 'prune'). */
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
 * A store whose sessions stand sealed in their own cookies. It only remembers, for some minutes, which sessions this
 * process has changed or ended, so that an older cookie does not bring back what they were before. `read()` and
 * `update()` know no other sessions: `read()` does not find them, and `update()` accepts every change of them.
 */
export interface CookieSealingStore {
  /** What seals the sessions of an application into their cookies and opens them again. Asked for once, at the start. */
  codecFor(application: SealingApplication): TokenCodec;

  /** How many cookies one session may take. */
  readonly maxCookies: number;

  /**
   * What holds for a record that came in a cookie: a newer record of the session if this process knows one, else the
   * record itself; `undefined` if this process has ended the session.
   *
   * A record is newer if its epoch is higher or, in the same epoch, its counter. If neither is, or the cookie's record is
   * newer, another process has changed the session as well: the browser has decided for its cookie, and from now on
   * the process takes this record for the newest.
   */
  newest(record: SessionRecord): SessionRecord | undefined;
}

/** What a store declares that it can do. */
export function capabilitiesOf(store: SessionStore): readonly StoreCapability[] {
  if (store.capabilities !== undefined) return store.capabilities;
  const { findByUser, prune } = store as Partial<UserSessionStore & PrunableSessionStore>;
  return [...(findByUser ? ['users' as const] : []), ...(prune ? ['prune' as const] : [])];
}

/** Whether a store declares the capability 'users'. */
export function knowsUsers(store: SessionStore): store is SessionStore & UserSessionStore {
  return capabilitiesOf(store).includes('users');
}

/** Whether a store declares the capability 'prune'. */
export function isPrunable(store: SessionStore): store is SessionStore & PrunableSessionStore {
  return capabilitiesOf(store).includes('prune');
}

/** Whether a store is a {@link CookieSealingStore}. */
export function sealsCookies(store: SessionStore): store is SessionStore & CookieSealingStore {
  return typeof (store as Partial<CookieSealingStore>).codecFor === 'function';
}

/** How a store is called in messages. */
export function storeName(store: SessionStore): string {
  return store.constructor?.name ?? 'The session store';
}
