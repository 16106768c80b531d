import { describe } from '../../errors/describe.js';
import { messages } from '../../errors/messages.js';
import { SessionDataError } from '../../errors/session-data.error.js';

/** The attributes of a session cookie, as RFC 6265bis names them. */
export interface CookieAttributes {
  /** Hidden from scripts. */
  httpOnly?: boolean;
  /** `true`: sent over TLS only. `'auto'`: `Secure` if the request came over TLS. */
  secure?: boolean | 'auto';
  /** `'auto'`: `none` over TLS, `lax` otherwise. `true` means `strict`; `false` leaves the attribute out. */
  sameSite?: boolean | 'lax' | 'strict' | 'none' | 'auto';
  /** The browser sends the cookie to this path and below. */
  path?: string;
  /** The cookie is also sent to the subdomains of this domain. */
  domain?: string;
  /** Partitioned by top-level site (CHIPS). */
  partitioned?: boolean;
  /** Chrome's eviction priority. */
  priority?: 'low' | 'medium' | 'high';
}

/** The application's settings for the cookies of all sessions. */
export interface CookieDefaults extends CookieAttributes {
  /** Milliseconds a cookie lives, or null for one that ends with the browser. */
  readonly maxAge?: number | null;
  /** When all cookies end, if they end at the same time. */
  readonly expires?: Date | null;
}

/** The settings that differ from the defaults, as they are stored with a session. */
export type CookieChanges = CookieAttributes & { originalMaxAge?: number | null };

/** The effective settings of a session's cookie: its attributes, and its life in milliseconds (null: until the browser closes). */
export type CookieSnapshot = Readonly<CookieAttributes> & { readonly originalMaxAge: number | null };

/** A hundred years in milliseconds: longer than any browser keeps a cookie, and within the range of a date. */
const LONGEST = 100 * 365.25 * 24 * 60 * 60 * 1000;

const ATTRIBUTES = ['httpOnly', 'secure', 'sameSite', 'path', 'domain', 'partitioned', 'priority'] as const;

/**
 * The cookie settings of one session, as in express-session: change them for this session only, for example a longer
 * life for "remember me". A changed `maxAge` is also this session's idle timeout; the absolute timeout still applies.
 *
 * @example
 * ```ts
 * if (dto.rememberMe) session.cookie.maxAge = 30 * 24 * 60 * 60 * 1000;
 * ```
 */
export class SessionCookie implements CookieAttributes {
  httpOnly?: boolean;
  secure?: boolean | 'auto';
  sameSite?: boolean | 'lax' | 'strict' | 'none' | 'auto';
  path?: string;
  domain?: string;
  partitioned?: boolean;
  priority?: 'low' | 'medium' | 'high';

  /** The life of the cookie in milliseconds as last set, or null for a cookie that ends with the browser. */
  originalMaxAge: number | null;
  #expires: number | null;
  #ownLife: boolean;
  readonly #now: () => number;

  /** @internal */
  constructor(defaults: CookieDefaults, changes: CookieChanges | undefined, now: () => number) {
    const { maxAge, expires, ...attributes } = defaults;
    const { originalMaxAge, ...changed } = changes ?? {};
    Object.assign(this, attributes, changed);
    this.#now = now;
    this.#ownLife = originalMaxAge !== undefined;
    this.originalMaxAge = this.#ownLife
      ? originalMaxAge!
      : expires
        ? expires.getTime() - now()
        : (maxAge ?? null);
    this.#expires = this.originalMaxAge === null ? null : now() + this.originalMaxAge;
  }

  /** Milliseconds until the cookie expires, or null for a cookie that ends with the browser. */
  get maxAge(): number | null {
    return this.#expires === null ? null : this.#expires - this.#now();
  }

  /**
   * `null` or `false` gives the session a cookie that ends with the browser.
   *
   * @throws {@link SessionDataError} for any value except a number up to 100 years, null or false.
   */
  set maxAge(given: number | false | null | undefined) {
    const milliseconds = given === false ? null : (given ?? null);
    if (milliseconds !== null && !(typeof milliseconds === 'number' && Math.abs(milliseconds) <= LONGEST)) {
      throw new SessionDataError(messages.maxAgeInvalid(describe(given)));
    }
    this.originalMaxAge = milliseconds && Math.round(milliseconds);
    this.#ownLife = true;
    this.resetMaxAge();
  }

  /** When the cookie expires, or null for a cookie that ends with the browser. */
  get expires(): Date | null {
    return this.#expires === null ? null : new Date(this.#expires);
  }

  /**
   * `null` or `false` gives the session a cookie that ends with the browser.
   *
   * @throws {@link SessionDataError} for any value except a valid Date, null or false.
   */
  set expires(given: Date | false | null | undefined) {
    const date = given === false ? null : (given ?? null);
    if (date !== null && !(date instanceof Date && Number.isFinite(date.getTime()))) {
      throw new SessionDataError(messages.expiresInvalid(describe(given)));
    }
    this.#expires = date?.getTime() ?? null;
    this.originalMaxAge = this.#expires === null ? null : this.#expires - this.#now();
    this.#ownLife = true;
  }

  /** The effective settings. @internal */
  snapshot(): CookieSnapshot {
    const { originalMaxAge, httpOnly, secure, sameSite, path, domain, partitioned, priority } = this;
    return {
      originalMaxAge,
      httpOnly,
      secure,
      sameSite,
      path,
      domain,
      partitioned,
      priority,
    } as CookieSnapshot;
  }

  /** Restarts the life of the cookie, at its original length. */
  resetMaxAge(): void {
    this.#expires = this.originalMaxAge === null ? null : this.#now() + this.originalMaxAge;
  }

  /** The settings that differ from the application's defaults, which are stored with the session. @internal */
  changesFrom(defaults: CookieDefaults): CookieChanges | undefined {
    const changes: Record<string, unknown> = {};
    for (const name of ATTRIBUTES) if (this[name] !== defaults[name]) changes[name] = this[name] ?? null;
    const { expires, maxAge = null } = defaults;
    if (this.#ownLife && (expires != null || this.originalMaxAge !== maxAge))
      changes.originalMaxAge = this.originalMaxAge;
    return Object.keys(changes).length === 0 ? undefined : changes;
  }
}
