import { highestOf } from './record/identity/levels.js';
import type { SessionCookie } from './record/session-cookie.js';
import { refuseNonJson } from './record/session-text.js';
import { actingIn, levelsIn } from './request/person.js';
import { expiresAtOf } from './request/session-life.js';
import type { SessionState } from './request/session-state.js';

/** The members of a session that need no store: facts, and what takes effect at once. */
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

  /**
   * How surely the user is known: 0 where nobody has signed in with `login()`, 1 after a login, or what `login()` and
   * `stepUp()` were told. `@RequireLogin({ level })` asks for it.
   */
  get level(): number {
    return highestOf(levelsIn(this.#state));
  }

  /**
   * Who really acts, while the session acts for somebody (`actAs()`); undefined otherwise. The data key `userId` is the
   * other user's then.
   */
  get actor(): string | number | undefined {
    const acting = actingIn(this.#state);
    return acting && (acting.own ?? this.#state.base?.userId ?? undefined);
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
   * Counts this request as a use of the session even within `touchInterval`, and restarts the life of the cookie.
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
}
