import type { SessionProfile } from './request/session-rules.js';
import { SessionCookie } from './record/session-cookie.js';
import type { CallName, SessionCallback } from './request/session-calls.js';
import type { SessionEngine } from './engine/session-engine.js';
import type { SessionState } from './request/session-state.js';
import { giveBack } from './record/identity/acting.js';
import { SessionBase } from './session-base.js';
import {
  type ActAsOptions,
  actingOf,
  type LoginOptions,
  requireLevel,
  requireReference,
  requireUserId,
} from './session-login.js';

/**
 * A visitor's session: a plain object with the application's keys and a few methods, which are not enumerable.
 *
 * You do not need to call `save()`: changes are stored before the response is sent. Methods that accept a callback in
 * express-session also accept one here. Without a callback they return a promise.
 */
export class SessionObject extends SessionBase {
  readonly #state: SessionState;
  readonly #engine: SessionEngine;

  /** Updates a session for a decorator of this package. @internal */
  static updateFor<T>(name: CallName, session: SessionObject, fn: () => T): Promise<Awaited<T>> {
    const { host } = session.#state;
    return host.calls.run(name, () => session.#engine.update(session.#state, fn));
  }

  /** @internal */
  constructor(engine: SessionEngine, state: SessionState) {
    super(state);
    this.#engine = engine;
    this.#state = state;
  }

  /**
   * Signs a user in. The session gets a new id, the old one ends immediately (session fixation, OWASP ASVS 5.0, 7.2.4), the
   * data key `userId` is set, and `authenticatedAt` is now. The promise resolves when this is stored.
   *
   * @param userId - The user: a string of 1 to 255 characters without NUL, or a finite number.
   * @param options - `keep`: the data keys to keep; without it all are kept. `level`: the level of the login.
   * `reference`: the name of this session at another service, so that the service can end it
   * (`SessionService.revokeByReference()`).
   * @throws SessionDataError if `userId` is anything else, `level` is not a whole number of 1 or more, or `reference` is not a
   * string of 1 to 255 characters without NUL.
   * @throws SessionCapabilityError if there is a `reference`, and the store cannot find sessions by it.
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
      const { level = 1 } = options;
      const who = {
        userId: requireUserId('session.login(userId)', userId),
        level: requireLevel('login', level),
        reference: requireReference(options.reference, this.#state.settings),
      };
      const keep = options.keep && new Set(options.keep);
      await this.#engine.login(this.#state, who, () => {
        if (keep !== undefined) this.#state.keepOnly(keep, flash);
        (this as { userId?: unknown }).userId = userId;
      });
    });
  }

  /**
   * Raises the level of the session. Call it after you have checked a second factor. The session gets a new id, the old
   * one stops working (OWASP ASVS 5.0, 7.2.4), and `@RequireLogin({ level, within })` counts from now. A higher level
   * from before is kept. While the session acts for another user, the level is the actor's.
   *
   * @param level - A whole number of 1 or more.
   * @throws SessionDataError if `level` is not a level.
   * @throws SessionUsageError if no user is signed in, or the response was already sent.
   * @throws SessionEndedError if the session was ended elsewhere, or a user has signed in to it since.
   * @throws SessionStoreError if the store fails; the session is then as it was.
   * @example
   * ```ts
   * if (!(await this.codes.check(session.userId, dto.code))) throw new UnauthorizedException();
   * await session.stepUp(2);
   * ```
   */
  stepUp(level: number): Promise<void> {
    return this.#state.host.calls.run('stepUp', async () =>
      this.#engine.identity.stepUp(this.#state, requireLevel('stepUp', level)),
    );
  }

  /**
   * Lets the signed-in user act for another user, for example support staff for a customer. The data key `userId`
   * becomes the other user, and {@link actor} is the user who is really signed in. The session gets a new id. It still
   * belongs to the actor: in lists, for the maximum number of sessions, and when the actor's sessions are ended. Events
   * contain both users. `@RequireLogin({ self: true })` refuses the session.
   *
   * Your application must check whether the user may do this.
   *
   * @param userId - The other user: a string of 1 to 255 characters without NUL, or a finite number.
   * @throws SessionDataError if `userId` is anything else, or `onLimit` is unknown.
   * @throws SessionOptionsError if `limit` is not a duration.
   * @throws SessionUsageError if no user is signed in, if the session already acts for another user, if `userId` is the
   * signed-in user, or if the response was already sent.
   * @throws SessionEndedError if the session was ended elsewhere, or a user has signed in to it since.
   * @throws SessionCapabilityError if the store keeps sessions under their ids.
   * @throws SessionStoreError if the store fails; the session is then as it was.
   * @example
   * ```ts
   * await session.actAs(customer.id, { limit: '30m', onLimit: 'end' });
   * ```
   */
  actAs(userId: string | number, options: ActAsOptions = {}): Promise<void> {
    const { settings } = this.#state;
    return this.#state.host.calls.run('actAs', async () => {
      const as = requireUserId('session.actAs(userId)', userId);
      const { limit, onLimit } = actingOf(options, settings.durationOf);
      const until = settings.now() + limit;
      await this.#engine.identity.actAs(this.#state, { as, until, onLimit }, () => {
        (this as { userId?: unknown }).userId = userId;
      });
    });
  }

  /**
   * Ends {@link actAs}: the session belongs to the actor again, under a new id. It does nothing if the session does not
   * act for another user.
   *
   * @throws SessionUsageError if the response was already sent.
   * @throws SessionEndedError if the session was ended elsewhere, or a user has signed in to it since.
   * @throws SessionStoreError if the store fails; the session is then as it was.
   */
  stopActing(): Promise<void> {
    return this.#state.host.calls.run('stopActing', () =>
      this.#engine.identity.stopActing(this.#state, (acting) => giveBack(this, acting)),
    );
  }

  /**
   * Signs the user out. The session has ended in the store when the promise resolves, and the response expires the
   * cookie (OWASP ASVS 5.0, 7.4.1). A late request cannot restore it. With `CookieSessionStore` the session ends in
   * this browser only: a copy of the cookie works until its timeouts.
   *
   * @throws SessionUsageError if the session is stored in its cookie and no cookie can be sent: after the response, or in a
   * WebSocket message.
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
   * Stores the session now instead of before the response.
   *
   * @throws SessionDataError if the session contains a value that JSON does not support, or too much data.
   * @throws SessionStoreError if the store fails.
   */
  save(): Promise<void>;
  save(callback: SessionCallback): this;
  save(callback?: SessionCallback): Promise<void> | this {
    return this.#answer('save', () => this.#engine.save(this.#state), callback);
  }

  /**
   * Reads the session again and discards the changes of this request.
   *
   * @throws SessionEndedError if the session was ended elsewhere.
   */
  reload(): Promise<void>;
  reload(callback: SessionCallback): this;
  reload(callback?: SessionCallback): Promise<void> | this {
    return this.#answer('reload', () => this.#engine.reload(this.#state), callback);
  }

  /**
   * Changes the session atomically. `fn` receives this session with the newest data, and changes it. It runs again
   * after a conflict, so that a hundred concurrent increments add up to a hundred. It must not wait for another call of
   * the session. Changes made earlier in this request are stored, too.
   *
   * @returns The result of `fn`.
   * @throws SessionEndedError if the session was ended elsewhere.
   * @throws SessionStoreError if the store fails; the change may still have been stored.
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

  #answer(
    name: CallName,
    work: () => Promise<void>,
    callback: SessionCallback | undefined,
  ): Promise<void> | this {
    return this.#state.host.calls.answer(this, name, work, callback);
  }
}

const PROTOTYPES: readonly object[] = [SessionObject.prototype, SessionBase.prototype];

/** The names of the session's members. Data under these keys is not stored. */
export const SESSION_MEMBERS: ReadonlySet<string> = new Set(
  PROTOTYPES.flatMap((prototype) => Object.getOwnPropertyNames(prototype)).filter(
    (name) => name !== 'constructor',
  ),
);

/**
 * An assignment to a member's name shadows the member for this request and does not throw; `__proto__` is a data key. The
 * keys may come from a request body (`Object.assign(session, body)`).
 */
for (const name of [...SESSION_MEMBERS, '__proto__']) {
  const prototype = PROTOTYPES.find((one) => Object.hasOwn(one, name)) ?? SessionObject.prototype;
  const member = Object.getOwnPropertyDescriptor(prototype, name);
  if (member?.value !== undefined) {
    // All sessions share the methods. A property that a package such as connect-flash adds to one would affect every
    // visitor.
    Object.freeze(member.value);
    continue;
  }
  Object.defineProperty(prototype, name, {
    ...member,
    configurable: true,
    set(this: SessionObject, own: unknown) {
      Object.defineProperty(this, name, { value: own, writable: true, enumerable: true, configurable: true });
    },
  });
}

/** Sessions as Nest applications have them. @internal */
export const NEST_PROFILE: SessionProfile = {
  memberNames: SESSION_MEMBERS,
  strict: true,
  sendsCookieChanges: true,
  savesUnchanged: false,
  savesRegenerated: false,
  cookie: (defaults, changes, now) => new SessionCookie(defaults, changes, now),
};

/** The session as `@Session()` gives it, without its data. @internal */
export function presentSession(engine: SessionEngine, state: SessionState): SessionObject {
  return new SessionObject(engine, state);
}
