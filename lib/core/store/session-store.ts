import type { TokenCodec } from '../record/token-codec.js';
import type { SessionChange, SessionRecord, SessionSummary } from '../record/session-record.js';

/**
 * The outcome of one item of a shared write: `true` if it was applied, `false` if its condition did not hold (`create`: the
 * key exists; `update`: the record does not exist or has another version; `delete`: there was nothing to delete), or an error
 * if only this item failed.
 */
export type StoreOutcome = boolean | Error;

/**
 * Abilities that only some stores have: find sessions by their user ({@link UserSessionStore}) or by the application's own
 * reference ({@link ReferenceSessionStore}), prune ({@link PrunableSessionStore}).
 */
export type StoreCapability = 'users' | 'references' | 'prune';

/**
 * Stores sessions. It has four methods, each for many sessions at once: concurrent requests share a call. Results have the
 * order of the arguments. A store finds, changes and ends sessions only by their key.
 *
 * "Not found" is a value, an error is a fault. A method rejects only if the store as a whole failed, and then none of its
 * items may be applied by a later retry. One bad item must not fail the others: return its error as its outcome.
 *
 * The suite `sessionStoreContract` of `nest-session/testing` tests whether an implementation keeps this contract.
 */
export interface SessionStore {
  /**
   * What the store can do besides its four methods.
   *
   * @defaultValue `'users'` if it has `findByUser()`, `'references'` if it has `findByReference()`, `'prune'` if it has `prune()`
   */
  readonly capabilities?: readonly StoreCapability[];

  /** Reads records by key; `undefined` if there is none. May return an expired record. */
  read(keys: readonly string[]): Promise<readonly (SessionRecord | undefined)[]>;

  /** Adds records; `false` if the key exists. */
  create(records: readonly SessionRecord[]): Promise<readonly StoreOutcome[]>;

  /**
   * Replaces records that still have the expected version, each atomically. No key occurs twice in one call. If a change
   * comes again because its answer was lost, and it was applied, the store may return `true`.
   */
  update(changes: readonly SessionChange[]): Promise<readonly StoreOutcome[]>;

  /** Removes records by key; `false` if there was none. */
  delete(keys: readonly string[]): Promise<readonly StoreOutcome[]>;

  /**
   * Whether one call for many sessions is cheaper than many calls. If not, each call is for one session, and any number of
   * them run at once, so that a slow one does not delay others.
   *
   * @defaultValue true
   */
  readonly sharesCalls?: boolean;

  /**
   * Whether sessions are stored under the id itself, as express-session does. `read`, `update` and `delete` then get ids in
   * place of keys, and written records have their `id`.
   *
   * @defaultValue false
   */
  readonly keepsIds?: boolean;

  /** Whether written records have the session's cookie settings (`record.cookie`), for other readers of the store. @defaultValue false */
  readonly keepsCookies?: boolean;

  /** Called once when the application starts. Check that the store works, or throw an error that states the remedy. */
  start?(): Promise<void> | void;

  /** Called once when the application stops. Close your own timers and connections. */
  close?(): Promise<void> | void;
}

/** A store that finds sessions by their user (capability 'users'). */
export interface UserSessionStore {
  /** The sessions of a user that have not expired, newest first. */
  findByUser(userId: string, now: number): Promise<readonly SessionSummary[]>;

  /** The number of sessions (of one user, if given) that have not expired. */
  count(userId: string | undefined, now: number): Promise<number>;

  /**
   * Removes records by key, each only if it belongs to the user at that very moment; `false` if it does not.
   *
   * @param createdUntil - Milliseconds since the epoch. A record with a later `createdAt` stays: its user has signed in again.
   * Without it there is no such limit.
   */
  deleteOwned(
    userId: string,
    keys: readonly string[],
    createdUntil?: number,
  ): Promise<readonly StoreOutcome[]>;

  /**
   * Removes every session of a user, except those with a key in `except`. It reaches every session that belonged to the user
   * when it was called, even one that changes at that moment, or it rejects.
   *
   * @returns The keys that were removed.
   */
  deleteByUser(userId: string, except: readonly string[]): Promise<readonly string[]>;

  /** Removes all sessions; returns how many there were. */
  deleteAll(): Promise<number>;
}

/**
 * A store that finds sessions by a reference that the application gave them at the login (capability 'references'). It gets
 * the reference as a digest: 43 characters of base64url. Most sessions have none (`null`), and need no entry in an index.
 */
export interface ReferenceSessionStore {
  /** The keys of the sessions with a reference. May include expired ones. */
  findByReference(reference: string): Promise<readonly string[]>;

  /**
   * Removes every session with a reference, and of a user if one is given. Both are compared when the record is removed. It
   * reaches every session that was one of these when it was called, even one that changes at that moment, or it rejects.
   *
   * @returns The keys that were removed.
   */
  deleteByReference(reference: string, userId?: string): Promise<readonly string[]>;
}

/** A store that does not remove expired records by itself (capability 'prune'). */
export interface PrunableSessionStore {
  /** Removes at most `limit` records that expired before `now`, and returns their number. Several instances may call it at once. */
  prune(now: number, limit: number): Promise<number>;

  /** Milliseconds between two prunings (each jittered by half), or `false` for none. @defaultValue 600 000 (ten minutes) */
  readonly pruneInterval?: number | false | undefined;
}

/** Options of {@link CookieSealingStore.codecFor}. */
export interface SealingApplication {
  /** The name of the session cookie. */
  readonly cookieName: string;
  /** The option `secret`: the first seals, all open. */
  readonly secrets: readonly (string | Buffer)[];
  /** How many characters of a sealed session fit into {@link CookieSealingStore.maxCookies} cookies. */
  readonly maxLength: number;
}

/**
 * A store that keeps sessions sealed in their own cookies. It only remembers, for some minutes, which sessions this process
 * has changed or ended, so that an older cookie does not undo that. `read()` does not find other sessions, and `update()`
 * accepts every change of them.
 */
export interface CookieSealingStore {
  /** The codec that seals sessions into their cookies and opens them. Called once, at the start. */
  codecFor(application: SealingApplication): TokenCodec;

  /** How many cookies one session may take. */
  readonly maxCookies: number;

  /**
   * The newest known record of a session that came in its cookie: a newer one that this process remembers, else the given
   * one; `undefined` if this process has ended the session.
   *
   * A record is newer if its epoch is higher or, in the same epoch, its counter. If the remembered record is not newer, another
   * process has changed the session, and the browser has kept that cookie: the process then remembers the given record.
   */
  newest(record: SessionRecord): SessionRecord | undefined;
}

/** The capabilities that a store declares. */
export function capabilitiesOf(store: SessionStore): readonly StoreCapability[] {
  if (store.capabilities !== undefined) return store.capabilities;
  const { findByUser, findByReference, prune } = store as Partial<
    UserSessionStore & ReferenceSessionStore & PrunableSessionStore
  >;
  return [
    ...(findByUser ? ['users' as const] : []),
    ...(findByReference ? ['references' as const] : []),
    ...(prune ? ['prune' as const] : []),
  ];
}

/** Whether a store declares the capability 'users'. */
export function knowsUsers(store: SessionStore): store is SessionStore & UserSessionStore {
  return capabilitiesOf(store).includes('users');
}

/** Whether a store declares the capability 'references'. */
export function knowsReferences(store: SessionStore): store is SessionStore & ReferenceSessionStore {
  return capabilitiesOf(store).includes('references');
}

/** Whether a store declares the capability 'prune'. */
export function isPrunable(store: SessionStore): store is SessionStore & PrunableSessionStore {
  return capabilitiesOf(store).includes('prune');
}

/** Whether a store is a {@link CookieSealingStore}. */
export function sealsCookies(store: SessionStore): store is SessionStore & CookieSealingStore {
  return typeof (store as Partial<CookieSealingStore>).codecFor === 'function';
}

/** The name of a store in messages. */
export function storeName(store: SessionStore): string {
  return store.constructor?.name ?? 'The session store';
}
