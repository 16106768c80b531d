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

/** What {@link SessionObject.login} may be told. */
export interface LoginOptions {
  /**
   * The data keys that survive the login; flash values and the session's own cookie settings do not.
   *
   * @defaultValue everything survives
   */
  readonly keep?: readonly string[];
}

/**
 * A visitor's session: a plain bag of the application's keys with a few methods, none of which is enumerable.
 *
 * Changes need no call to be kept: the session is stored before the first byte of the response leaves. Methods that
 * take a callback in express-session take one here, and return a promise without one.
 */
export class SessionObject {
  readonly #state: SessionState;
  readonly #engine: SessionEngine;

  /** @internal */
  static stateOf(session: SessionObject): SessionState {
    return session.#state;
  }

  /** An update that a decorator of this package asks for. @internal */
  static updateFor<Result>(
    name: CallName,
    session: SessionObject,
    fn: () => Result,
  ): Promise<Awaited<Result>> {
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
   * The public name of the session: the same from its beginning to its end, whatever becomes of its id. A name, not a
   * permission: a route that takes one passes the user, too (`SessionService.revoke(handle, { userId })`).
   */
  get handle(): string {
    return this.#state.key;
  }

  /** Whether the session began with this request. */
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
   * Signs a user in: the session gets a new id, the old one is dead at once (session fixation, OWASP ASVS 5.0, 7.2.4),
   * the data key `userId` is set, and `authenticatedAt` is now. Stored when the promise resolves.
   *
   * @param userId - Who signs in: a string of 1 to 255 characters without NUL, or a finite number.
   * @param options - `keep`: the data keys that survive; without it all do.
   * @throws SessionDataError when `userId` is neither.
   * @throws SessionUsageError when the response has left already, so that no cookie can be sent.
   * @throws SessionStoreError when the store fails; the session is then as it was.
   * @example
   * ```ts
   * await session.login(user.id, { keep: ['cart'] });
   * ```
   */
  login(userId: string | number, options: LoginOptions = {}): Promise<void> {
    // Flash values that are added after this call stay, even if the call still waits for its turn.
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
   * Signs the user out: the session is ended in the store when the promise resolves, and the cookie is expired with
   * the response (OWASP ASVS 5.0, 7.4.1). Nothing that runs late brings it back. A session that stands in its cookie
   * (`CookieSessionStore`) is ended in this browser alone: a copy of the cookie stays good until its timeouts.
   *
   * @throws SessionUsageError when the session stands in its cookie, and the response has left already, or never was one
   * (a message of a WebSocket).
   */
  logout(): Promise<void> {
    return this.#state.host.calls.run('logout', () => this.#engine.destroy(this.#state, 'logout'));
  }

  /**
   * Renews the id and keeps the data: call it whenever the privileges of the session change. The old id is dead at once.
   *
   * @throws SessionEndedError when the session was ended elsewhere.
   * @throws SessionUsageError when the response has left already.
   */
  rotate(): Promise<void> {
    return this.#state.host.calls.run('rotate', () => this.#engine.rotate(this.#state));
  }

  /** Ends this session and puts a new, empty one on `req.session`. This object stays readable. */
  regenerate(): Promise<void>;
  regenerate(callback: SessionCallback): this;
  regenerate(callback?: SessionCallback): Promise<void> | this {
    return this.#answer('regenerate', () => this.#engine.regenerate(this.#state), callback);
  }

  /** Ends the session in the store; `req.session` is undefined from then on, and the cookie is expired. */
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
    // Once more when it is over: a call before it may have given the request its session back.
    const work = (): Promise<void> => this.#engine.destroy(state, 'logout').then(leave);
    return calls.answer(this, 'destroy', work, callback, comeBack);
  }

  /**
   * Stores the session now rather than with the response.
   * @throws SessionDataError when the session holds what JSON cannot, or too much of it.
   * @throws SessionStoreError when the store fails.
   */
  save(): Promise<void>;
  save(callback: SessionCallback): this;
  save(callback?: SessionCallback): Promise<void> | this {
    return this.#answer('save', () => this.#engine.save(this.#state), callback);
  }

  /**
   * Reads the session anew and drops the changes of this request.
   * @throws SessionEndedError when the session was ended elsewhere.
   */
  reload(): Promise<void>;
  reload(callback: SessionCallback): this;
  reload(callback?: SessionCallback): Promise<void> | this {
    return this.#answer('reload', () => this.#engine.reload(this.#state), callback);
  }

  /**
   * Counts this request as a use of the session even within `touchInterval`, and starts the cookie's life anew.
   * @throws SessionUsageError after `regenerate()`, which has put another session in the place of this one.
   */
  touch(): this {
    this.#state.requireNotReplaced();
    this.#state.touchAsked = true;
    return this.resetMaxAge();
  }

  /** Starts the cookie's life anew, at its original length. */
  resetMaxAge(): this {
    this.#state.cookie.resetMaxAge();
    return this;
  }

  /**
   * Changes the session atomically: `fn` reads and changes it (its argument is this session, brought up to date), and
   * runs again when somebody else was faster, so that a hundred increments at once count a hundred. It must not wait for
   * another call of the session. Changes made earlier in this request are stored with it.
   *
   * @returns What `fn` returned.
   * @throws SessionEndedError when the session was ended elsewhere.
   * @throws SessionStoreError when the store fails; whether the change was stored is then unknown.
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
   * ask for a value at once, one of them gets it. To make sure of that across instances, use `@Flash()`, or call this
   * inside {@link update}.
   *
   * @throws SessionUsageError after `regenerate()`, which has put another session in the place of this one.
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

/** The names of the session's own members: as data keys they are not stored. */
export const SESSION_MEMBERS: ReadonlySet<string> = new Set(
  Object.getOwnPropertyNames(SessionObject.prototype).filter((name) => name !== 'constructor'),
);

/**
 * Assigning a member's name shadows the member for this request, rather than throwing; `__proto__` is a data key.
 * Both hold for keys that come out of somebody's request body (`Object.assign(session, body)`).
 */
for (const name of [...SESSION_MEMBERS, '__proto__']) {
  const member = Object.getOwnPropertyDescriptor(SessionObject.prototype, name);
  if (member?.value !== undefined) {
    // Methods are shared by all sessions: what is put on one (by connect-flash, say) would be seen by every visitor.
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
