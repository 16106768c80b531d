import { highestOf } from './record/identity/levels.js';
import type { SessionCookie } from './record/session-cookie.js';
import { refuseNonJson } from './record/session-text.js';
import { actingIn, levelsIn } from './request/person.js';
import { expiresAtOf } from './request/session-life.js';
import type { SessionState } from './request/session-state.js';

/** The members of a session that need no store call. */
export abstract class SessionBase {
  readonly #state: SessionState;

  /** @internal */
  static stateOf(session: SessionBase): SessionState {
    return session.#state;
  }

  /** @internal */
  constructor(state: SessionState) {
    this.#state = state;
  }

  /** The secret session id. Never log it, never store it. Use {@link handle} as the public name. */
  get id(): string {
    return this.#state.id;
  }

  /**
   * The public name of the session, which stays the same when the id changes. It does not authorize anything: a route
   * that receives a handle must pass the user, too (`SessionService.revoke(handle, { userId })`).
   */
  get handle(): string {
    return this.#state.key;
  }

  /** Whether the session started with this request. */
  get isNew(): boolean {
    return this.#state.isNew;
  }

  /** When the session started, or when the user last signed in. */
  get createdAt(): Date {
    return new Date(this.#state.createdAt);
  }

  /** When the session was last used, at most `touchInterval` old. */
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

  /**
   * The level of the login: 0 without `login()`, 1 after a login, or the level given to `login()` or `stepUp()`.
   * `@RequireLogin({ level })` checks it.
   */
  get level(): number {
    return highestOf(levelsIn(this.#state));
  }

  /**
   * The user who is really signed in, while the session acts for another user (`actAs()`); undefined otherwise. The
   * data key `userId` then contains the other user.
   */
  get actor(): string | number | undefined {
    const acting = actingIn(this.#state);
    return acting && (acting.own ?? this.#state.base?.userId ?? undefined);
  }

  /** Whether the session is bound to its user's device (option `deviceBound`). */
  get isBound(): boolean {
    return this.#state.meta.device?.key !== undefined;
  }

  /** The settings of this session's own cookie. */
  get cookie(): SessionCookie {
    return this.#state.cookie;
  }

  /**
   * Counts this request as activity even within `touchInterval`, and restarts the life of the cookie.
   *
   * @throws SessionUsageError after `regenerate()`, which has replaced this session.
   */
  touch(): this {
    this.#state.requireNotReplaced();
    this.#state.host.countAsUse();
    this.#state.touchRequested = true;
    return this.resetMaxAge();
  }

  /** Restarts the life of the cookie, at its original length. */
  resetMaxAge(): this {
    this.#state.cookie.resetMaxAge();
    return this;
  }

  /**
   * Returns all flash values of a key, in the order they were added, and removes them. If several requests of one
   * process ask for a value at once, one of them gets it. To ensure this across instances, use `@Flash()`, or call
   * `flash()` inside {@link update}.
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
}
