import { serialize, type SerializeOptions } from 'cookie';
import { type CookieChanges, type CookieDefaults, SessionCookie } from '../core/record/session-cookie.js';

/**
 * Options of {@link Cookie}: attributes, and its life in milliseconds (`maxAge`) or until a date (`expires`); null or false for
 * a cookie that ends with the browser.
 */
export type CookieOptions = Omit<CookieDefaults, 'maxAge' | 'expires'> & {
  maxAge?: number | false | null;
  expires?: Date | false | null;
  readonly originalMaxAge?: number | null;
};

/** A cookie in a store, or as this request has stored it (without `expires`). */
type StoredCookie = CookieChanges & { readonly expires?: Date | string | null };

/** The cookie settings of one session, as in express-session. `expires` and `maxAge` set the same value. */
export class Cookie extends SessionCookie {
  /** The object that was set. Changing it changes the cookie. */
  #expires: Date | null = null;

  /**
   * @param options - Settings; if both `expires` and `maxAge` are set, the last one counts.
   * @throws TypeError if `options` is not an object.
   */
  constructor(options?: CookieOptions) {
    super({ path: '/', httpOnly: true }, undefined, () => Date.now());
    if (!options) return;
    if (typeof options !== 'object') throw new TypeError('argument options must be a object');
    const settings = options instanceof Cookie ? options.data : options;
    const { originalMaxAge } = settings;
    for (const [name, value] of Object.entries(settings)) {
      if (name !== 'data' && name !== 'originalMaxAge') Reflect.set(this, name, value);
    }
    if (originalMaxAge !== undefined && originalMaxAge !== null) this.originalMaxAge = originalMaxAge;
  }

  /** The cookie of a stored session. */
  static stored({ originalMaxAge = null, expires, ...attributes }: StoredCookie): Cookie {
    const cookie = new Cookie(attributes);
    cookie.originalMaxAge = originalMaxAge;
    if (expires === undefined) cookie.resetMaxAge();
    else cookie.expires = expires;
    cookie.originalMaxAge = originalMaxAge;
    return cookie;
  }

  /** Milliseconds until the cookie expires, or null for a cookie that ends with the browser. */
  override get maxAge(): number | null {
    return this.#expires && this.#expires.getTime() - Date.now();
  }

  /** @throws TypeError for any value except a number, a Date, or an empty value. */
  override set maxAge(life: number | Date | false | null | undefined) {
    if (life && typeof life !== 'number' && !(life instanceof Date)) {
      throw new TypeError('maxAge must be a number or Date');
    }
    if (life instanceof Date) this.expires = life;
    else {
      this.expires = typeof life === 'number' ? new Date(Date.now() + life) : null;
      this.originalMaxAge = typeof life === 'number' ? life : null;
    }
  }

  /** When the cookie expires, or null for a cookie that ends with the browser. */
  override get expires(): Date | null {
    return this.#expires;
  }

  /** @throws TypeError for any value except a valid date, or an empty value. */
  override set expires(given: Date | string | false | null | undefined) {
    const date = given ? (given instanceof Date ? given : new Date(given)) : null;
    if (date !== null && Number.isNaN(date.getTime())) throw new TypeError('option expires is invalid');
    super.expires = date;
    this.#expires = date;
  }

  override resetMaxAge(): void {
    super.resetMaxAge();
    this.#expires = super.expires;
  }

  /** The same as {@link expires}, for stores that read this. */
  get _expires(): Date | null {
    return this.expires;
  }

  /** The settings as they are stored and sent. */
  get data(): CookieOptions {
    const { originalMaxAge, partitioned, priority, expires, secure, httpOnly, domain, path, sameSite } = this;
    return {
      originalMaxAge,
      partitioned,
      priority,
      expires,
      secure,
      httpOnly,
      domain,
      path,
      sameSite,
    } as CookieOptions;
  }

  /** A `Set-Cookie` header with these settings. */
  serialize(name: string, value: string): string {
    return serialize(name, value, this.data as SerializeOptions);
  }

  /** The settings as they are stored. */
  toJSON(): CookieOptions {
    return this.data;
  }

  /** All settings: express-session stores each of them with the session. @internal */
  override changesFrom(): CookieChanges {
    return this.snapshot();
  }
}
