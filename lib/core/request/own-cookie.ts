import type { CookieChanges, CookieDefaults, SessionCookie } from '../record/session-cookie.js';
import type { SessionRules } from './session-rules.js';

/** Cookie settings and their text at the time, because they may change later. */
export interface KeptCookie {
  readonly cookie: SessionCookie;
  readonly text: string | undefined;
}

/**
 * The cookie settings of one session in a request. They are made when they are first read; reading them is no change.
 */
export class OwnCookie {
  readonly #settings: Pick<SessionRules, 'profile' | 'now'>;
  readonly #host: { readonly cookieDefaults: CookieDefaults };
  #cookie: SessionCookie | undefined;
  #before: string | undefined;
  #written: string | undefined;

  /** @param host - Has the application's settings for the request. */
  constructor(
    settings: Pick<SessionRules, 'profile' | 'now'>,
    host: { readonly cookieDefaults: CookieDefaults },
  ) {
    this.#settings = settings;
    this.#host = host;
  }

  /** The settings as an object; `stored`: those that are stored with the session. */
  settings(stored: CookieChanges | undefined): SessionCookie {
    if (this.#cookie === undefined) {
      this.#cookie = this.#make(stored);
      this.#before = this.#text;
    }
    return this.#cookie;
  }

  replace(cookie: SessionCookie, stored: CookieChanges | undefined): void {
    this.settings(stored);
    this.#cookie = cookie;
  }

  /** The settings, if the application has read them. */
  get inHand(): SessionCookie | undefined {
    return this.#cookie;
  }

  /** Whether this request changed the settings. */
  get isChanged(): boolean {
    return this.#cookie !== undefined && this.#text !== this.#before;
  }

  /** The settings to store: this request's changes, else those that are stored. */
  changes(stored: CookieChanges | undefined): CookieChanges | undefined {
    return this.isChanged ? this.#cookie!.changesFrom(this.#host.cookieDefaults) : stored;
  }

  /** Notes that the settings are being written. */
  writing(): void {
    this.#written = this.#text;
  }

  /** Notes that they are stored. */
  stored(): void {
    this.#before = this.#written;
  }

  /** The present settings, to return to. */
  snapshot(): KeptCookie | undefined {
    return this.#cookie && { cookie: this.#cookie, text: this.#text };
  }

  /** Returns to earlier settings; without any, drops this request's changes. */
  putBack(kept: KeptCookie | undefined): void {
    this.#cookie = kept?.cookie;
    if (kept === undefined || kept.text === this.#text) return;
    const changes = kept.text === undefined ? undefined : (JSON.parse(kept.text) as CookieChanges);
    this.#cookie = this.#make(changes);
  }

  /** Removes the settings of the session's own. */
  clear(stored: CookieChanges | undefined): void {
    this.replace(this.#make(undefined), stored);
  }

  get #text(): string | undefined {
    return JSON.stringify(this.#cookie?.changesFrom(this.#host.cookieDefaults));
  }

  /** Makes settings out of those that are stored with a session. */
  #make(changes: CookieChanges | undefined): SessionCookie {
    const { profile, now } = this.#settings;
    return profile.cookie(this.#host.cookieDefaults, changes, now);
  }
}
