import type { EngineSettings, SessionHost } from './engine-settings.js';
import type { CookieChanges, SessionCookie } from '../record/session-cookie.js';

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
  readonly #host: SessionHost;
  readonly #settings: EngineSettings;
  #cookie: SessionCookie | undefined;
  #before: string | undefined;
  #written: string | undefined;

  constructor(host: SessionHost, settings: EngineSettings) {
    this.#host = host;
    this.#settings = settings;
  }

  /** The settings as an object; `stored` is what is kept of them with the session. */
  settings(stored: CookieChanges | undefined): SessionCookie {
    if (this.#cookie === undefined) {
      const { face, now } = this.#settings;
      this.#cookie = face.cookie(this.#host.cookieDefaults, stored, now);
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
    return this.isChanged ? this.#cookie!.changesFrom(this.#host.cookieDefaults) : stored;
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
    const { face, now } = this.#settings;
    const changes = kept.text === undefined ? undefined : (JSON.parse(kept.text) as CookieChanges);
    this.#cookie = face.cookie(this.#host.cookieDefaults, changes, now);
  }

  /** Gives the session the settings of all sessions. */
  clear(stored: CookieChanges | undefined): void {
    const { face, now } = this.#settings;
    this.replace(face.cookie(this.#host.cookieDefaults, undefined, now), stored);
  }

  get #text(): string | undefined {
    return JSON.stringify(this.#cookie?.changesFrom(this.#host.cookieDefaults));
  }
}
