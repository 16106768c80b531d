import type { CookieChanges, CookieDefaults, SessionCookie } from '../record/session-cookie.js';

/** Settings that were in hand, and what they said: they may be changed since. */
export interface KeptCookie {
  readonly cookie: SessionCookie;
  readonly text: string | undefined;
}

/**
 * The cookie settings of one session while a request has them in hand: made when somebody first looks at them, and
 * changed only when somebody changes them.
 */
export class OwnCookie {
  readonly #defaults: () => CookieDefaults;
  readonly #make: (changes: CookieChanges | undefined) => SessionCookie;
  #cookie: SessionCookie | undefined;
  #before: string | undefined;
  #written: string | undefined;

  /**
   * @param defaults - The application's settings for the request.
   * @param make - Makes settings with what is kept of them with a session.
   */
  constructor(defaults: () => CookieDefaults, make: (changes: CookieChanges | undefined) => SessionCookie) {
    this.#defaults = defaults;
    this.#make = make;
  }

  /** The settings as an object; `stored` is what is kept of them with the session. */
  settings(stored: CookieChanges | undefined): SessionCookie {
    if (this.#cookie === undefined) {
      this.#cookie = this.#make(stored);
      this.#before = this.#text;
    }
    return this.#cookie;
  }

  /** Puts other settings in place of these. */
  replace(cookie: SessionCookie, stored: CookieChanges | undefined): void {
    this.settings(stored);
    this.#cookie = cookie;
  }

  /** The settings that the application has looked at; undefined where it has not. */
  get inHand(): SessionCookie | undefined {
    return this.#cookie;
  }

  /** Whether this request changed the settings; to look at them is no change. */
  get isChanged(): boolean {
    return this.#cookie !== undefined && this.#text !== this.#before;
  }

  /** What is to be kept with the session: this request's changes, else what is stored. */
  changes(stored: CookieChanges | undefined): CookieChanges | undefined {
    return this.isChanged ? this.#cookie!.changesFrom(this.#defaults()) : stored;
  }

  /** Takes note that the settings are on their way to the store. */
  writing(): void {
    this.#written = this.#text;
  }

  /** Takes note that they are stored. */
  stored(): void {
    this.#before = this.#written;
  }

  /** The settings in hand and what they say now, to come back to. */
  snapshot(): KeptCookie | undefined {
    return this.#cookie && { cookie: this.#cookie, text: this.#text };
  }

  /** Puts settings back that were in hand before; without any, drops this request's changes. */
  putBack(kept: KeptCookie | undefined): void {
    this.#cookie = kept?.cookie;
    if (kept === undefined || kept.text === this.#text) return;
    const changes = kept.text === undefined ? undefined : (JSON.parse(kept.text) as CookieChanges);
    this.#cookie = this.#make(changes);
  }

  /** Gives the session the settings of all sessions. */
  clear(stored: CookieChanges | undefined): void {
    this.replace(this.#make(undefined), stored);
  }

  get #text(): string | undefined {
    return JSON.stringify(this.#cookie?.changesFrom(this.#defaults()));
  }
}
