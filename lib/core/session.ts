import { describe, messages } from '../errors/messages.js';
import { SessionDataError } from '../errors/session-data.error.js';
import type { SessionProfile } from './request/session-rules.js';
import { SessionCookie } from './record/session-cookie.js';
import type { CallName, SessionCallback } from './request/session-calls.js';
import type { SessionEngine } from './engine/session-engine.js';
import { expiresAtOf } from './request/session-life.js';
import { refuseNonJson } from './record/session-text.js';
import type { SessionState } from './request/session-state.js';
import { userIdText } from './record/session-id.js';

/** Options of {@link SessionObject.login}. */
export interface LoginOptions {
  /**
   * The data keys to keep. Without them, the session's own cookie settings and flash values go, too.
   *
   * @defaultValue everything is kept
   */
  readonly keep?: readonly string[];
}

/**
 * A visitor's session: a plain bag of the application's keys with a few methods, none of which is enumerable.
 *
 * You do not need to call `save()`: changes are stored before the response is sent. Methods that take a callback in
 * express-session take one here, and return a promise without one.
 */
export class SessionObject {
  readonly #state: SessionState;
  readonly #engine: SessionEngine;

  /** @internal */
  static stateOf(session: SessionObject): SessionState {
    return session.#state;
  }

  /** Updates a session for a decorator of this package. @internal */
  static updateFor<T>(name: CallName, session: SessionObject, fn: () => T): Promise<Awaited<T>> {
    const { host } = session.#state;
    return host.calls.run(name, () => session.#engine.update(session.#state, fn));
  }

  /** @internal */
  constructor(engine: SessionEngine, state: SessionState) {
    this.#engine = engine;
    this.#state = state;
  }

  /** The secret session id. Never log it, never store it: {@link handle} is the name to show. */
  get id(): string {
    return this.#state.id;
  }

  /**
   * The public name of the session, which stays the same when the id changes. It is a name, not a permission: a route that
   * takes a handle must pass the user, too (`SessionService.revoke(handle, { userId })`).
   */
  get handle(): string {
    return this.#state.key;
  }

  /** Whether this request began the session. */
  get isNew(): boolean {
    return this.#state.isNew;
  }

  /** When the session began. */
  get createdAt(): Date {
    return new Date(this.#state.createdAt);
  }

  /** When the session was last seen, at most `touchInterval` stale. */
  get lastSeenAt(): Date {
    return new Date(this.#state.lastSeenAt);
  }

  /** When the session ends unless it is used: the idle or the absolute deadline, whichever is earlier. */
  get expiresAt(): Date {
    return new Date(expiresAtOf(this.#state));
  }

  /** When the user last signed in with {@link login}, or undefined. */
  get authenticatedAt(): Date | undefined {
    const at = this.#state.base?.authenticatedAt;
    return at == null ? undefined : new Date(at);
  }

  /** Whether the session is bound to the device that its user signed in with (option `deviceBound`). */
  get isBound(): boolean {
    return this.#state.meta.device?.key !== undefined;
  }

  /** The settings of this session's own cookie. */
  get cookie(): SessionCookie {
    return this.#state.cookie;
  }

  /**
   * Signs a user in. The session gets a new id, the old one ends immediately (session fixation, OWASP ASVS 5.0, 7.2.4), the
   * data key `userId` is set, and `authenticatedAt` is now. The promise resolves when this is stored.
   *
   * @param userId - The user: a string of 1 to 255 characters without NUL, or a finite number.
   * @param options - `keep`: the data keys to keep; without it all are kept.
   * @throws SessionDataError if `userId` is anything else.
   * @throws SessionUsageError if the response was sent already, so that no cookie can be sent.
   * @throws SessionStoreError if the store fails; the session is then as it was.
   * @example
   * ```ts
   * await session.login(user.id, { keep: ['cart'] });
   * ```
   */
  login(userId: string | number, options: LoginOptions = {}): Promise<void> {
    // Flash values that are added after this call are kept, even if the call still waits for its turn.
    const flash = this.#state.flashChanges?.addedNames;
    return this.#state.host.calls.run('login', async () => {
      const text = userIdText(userId);
      if (text === undefined)
        throw new SessionDataError(messages.userIdInvalid('session.login(userId)', describe(userId)));
      const keep = options.keep && new Set(options.keep);
      await this.#engine.login(this.#state, text, () => {
        if (keep !== undefined) this.#state.keepOnly(keep, flash);
        (this as { userId?: unknown }).userId = userId;
      });
    });
  }

  /**
   * Signs the user out. The session has ended in the store when the promise resolves, and the response expires the cookie
   * (OWASP ASVS 5.0, 7.4.1). A late request cannot bring it back. With `CookieSessionStore` the session ends in this browser
   * only: a copy of the cookie works until its timeouts.
   *
   * @throws SessionUsageError if the session is kept in its cookie and no cookie can be sent: after the response, or for a
   * message of a WebSocket.
   */
  logout(): Promise<void> {
    return this.#state.host.calls.run('logout', () => this.#engine.destroy(this.#state, 'logout'));
  }

  /**
   * Renews the id and keeps the data. Call it when the privileges of the session change. The old id ends immediately.
   *
   * @throws SessionEndedError if the session was ended elsewhere.
   * @throws SessionUsageError if the response was sent already.
   */
  rotate(): Promise<void> {
    return this.#state.host.calls.run('rotate', () => this.#engine.rotate(this.#state));
  }

  /** Ends this session and puts a new, empty one on `req.session`. You can still read this object. */
  regenerate(): Promise<void>;
  regenerate(callback: SessionCallback): this;
  regenerate(callback?: SessionCallback): Promise<void> | this {
    return this.#answer('regenerate', () => this.#engine.regenerate(this.#state), callback);
  }

  /** Ends the session in the store, removes `req.session` and expires the cookie. */
  destroy(): Promise<void>;
  destroy(callback: SessionCallback): this;
  destroy(callback?: SessionCallback): Promise<void> | this {
    const state = this.#state;
    const { calls } = state.host;
    const leave = (): void => {
      if (state.status !== 'detached') state.host.setCurrent(undefined);
    };
    const comeBack = (): void => {
      if (state.status !== 'detached' && !state.isEnded) state.host.putBack();
    };
    leave();
    // Again at the end: an earlier call may have put the session back.
    const work = (): Promise<void> => this.#engine.destroy(state, 'logout').then(leave);
    return calls.answer(this, 'destroy', work, callback, comeBack);
  }

  /**
   * Stores the session now and not with the response.
   *
   * @throws SessionDataError if the session holds a value that JSON cannot hold, or too much data.
   * @throws SessionStoreError if the store fails.
   */
  save(): Promise<void>;
  save(callback: SessionCallback): this;
  save(callback?: SessionCallback): Promise<void> | this {
    return this.#answer('save', () => this.#engine.save(this.#state), callback);
  }

  /**
   * Reads the session again and drops the changes of this request.
   *
   * @throws SessionEndedError if the session was ended elsewhere.
   */
  reload(): Promise<void>;
  reload(callback: SessionCallback): this;
  reload(callback?: SessionCallback): Promise<void> | this {
    return this.#answer('reload', () => this.#engine.reload(this.#state), callback);
  }

  /**
   * Counts this request as a use of the session even within `touchInterval`, and restarts the life of the cookie.
   *
   * @throws SessionUsageError after `regenerate()`, which has replaced this session.
   */
  touch(): this {
    this.#state.requireNotReplaced();
    this.#state.touchRequested = true;
    return this.resetMaxAge();
  }

  /** Restarts the life of the cookie, at its original length. */
  resetMaxAge(): this {
    this.#state.cookie.resetMaxAge();
    return this;
  }

  /**
   * Changes the session atomically. `fn` gets this session, brought up to date, and changes it. It runs again after a
   * conflict, so that a hundred increments at once count a hundred. It must not wait for another call of the session. Changes
   * made earlier in this request are stored, too.
   *
   * @returns The result of `fn`.
   * @throws SessionEndedError if the session was ended elsewhere.
   * @throws SessionStoreError if the store fails; the change may be stored all the same.
   * @example
   * ```ts
   * const visits = await session.update((s) => (s.visits = (s.visits ?? 0) + 1));
   * ```
   */
  update<Result>(fn: (session: this) => Result | Promise<Result>): Promise<Awaited<Result>> {
    return this.#state.host.calls.run('update', (inside) =>
      this.#engine.update(this.#state, () => inside(() => fn(this))),
    );
  }

  /**
   * Returns all flash values of a key, in the order they were added, and removes them. If several requests of one process
   * ask for a value at once, one of them gets it. To ensure this across instances, use `@Flash()`, or call this inside
   * {@link update}.
   *
   * @throws SessionUsageError after `regenerate()`, which has replaced this session.
   */
  flash<Value = unknown>(key: string): Value[];
  /** Appends a value that is read once, by this request or a later one. */
  flash(key: string, value: unknown): void;
  flash(...args: [key: string, value?: unknown]): unknown[] | undefined {
    const [key, value] = args;
    this.#state.requireNotReplaced();
    if (args.length === 1) return this.#state.flash.take(key, this.#state.meta.flash);
    refuseNonJson({ [key]: value === undefined ? [value] : value });
    this.#state.flash.add(key, value);
    return undefined;
  }

  #answer(
    name: CallName,
    work: () => Promise<void>,
    callback: SessionCallback | undefined,
  ): Promise<void> | this {
    return this.#state.host.calls.answer(this, name, work, callback);
  }
}

/** The names of the session's own members. Data under these keys is not stored. */
export const SESSION_MEMBERS: ReadonlySet<string> = new Set(
  Object.getOwnPropertyNames(SessionObject.prototype).filter((name) => name !== 'constructor'),
);

/**
 * An assignment to a member's name shadows the member for this request and does not throw; `__proto__` is a data key. The
 * keys may come from a request body (`Object.assign(session, body)`).
 */
for (const name of [...SESSION_MEMBERS, '__proto__']) {
  const member = Object.getOwnPropertyDescriptor(SessionObject.prototype, name);
  if (member?.value !== undefined) {
    // All sessions share the methods: a property that connect-flash, say, adds to one would reach every visitor.
    Object.freeze(member.value);
    continue;
  }
  Object.defineProperty(SessionObject.prototype, name, {
    ...member,
    configurable: true,
    set(this: SessionObject, own: unknown) {
      Object.defineProperty(this, name, { value: own, writable: true, enumerable: true, configurable: true });
    },
  });
}

/** Sessions as Nest applications have them. */
export const NEST_PROFILE: SessionProfile = {
  memberNames: SESSION_MEMBERS,
  strict: true,
  sendsCookieChanges: true,
  savesUnchanged: false,
  savesRegenerated: false,
  cookie: (defaults, changes, now) => new SessionCookie(defaults, changes, now),
};

/** The session as `@Session()` gives it, without its data. */
export function presentSession(engine: SessionEngine, state: SessionState): SessionObject {
  return new SessionObject(engine, state);
}
