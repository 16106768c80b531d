import type { SessionHost } from './engine-settings.js';
import { type CookieChanges, SessionCookie } from './session-cookie.js';

/**
 * The cookie settings of one session while a request has them in hand: made when somebody first looks at them, and
 * changed only when somebody changes them.
 */
export class OwnCookie {
  readonly #host: SessionHost;
  readonly #now: () => number;
  #cookie: SessionCookie | undefined;
  #before: string | undefined;

  constructor(host: SessionHost, now: () => number) {
    this.#host = host;
    this.#now = now;
  }

  /** The settings as an object; `stored` is what is kept of them with the session. */
  settings(stored: CookieChanges | undefined): SessionCookie {
    if (this.#cookie === undefined) {
      this.#cookie = new SessionCookie(this.#host.cookieDefaults, stored, this.#now);
      this.#before = JSON.stringify(this.#cookie.changesFrom(this.#host.cookieDefaults));
    }
    return this.#cookie;
  }

  /** Whether the application has looked at them. */
  get isInHand(): boolean {
    return this.#cookie !== undefined;
  }

  /** Whether this request changed the settings; to look at them is no change. */
  get isChanged(): boolean {
    if (this.#cookie === undefined) return false;
    return JSON.stringify(this.#cookie.changesFrom(this.#host.cookieDefaults)) !== this.#before;
  }

  /** What is to be kept with the session: this request's changes, else what is stored. */
  changes(stored: CookieChanges | undefined): CookieChanges | undefined {
    return this.isChanged ? this.#cookie!.changesFrom(this.#host.cookieDefaults) : stored;
  }

  /** Takes note of what is stored now. */
  stored(changes: CookieChanges | undefined): void {
    this.#before = JSON.stringify(changes);
  }

  /** Drops this request's changes. */
  reset(): void {
    this.#cookie = undefined;
  }
}
