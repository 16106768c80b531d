import { serialize, type SerializeOptions } from 'cookie';
import { type CookieChanges, type CookieDefaults, SessionCookie } from '../core/session-cookie.js';

/** What {@link Cookie} may be told: cookie attributes, and its life in milliseconds (`maxAge`) or until a date (`expires`). */
export type CookieOptions = CookieDefaults & { readonly originalMaxAge?: number | null };

/** The cookie settings of one session, as express-session has them. `expires` and `maxAge` are two views of one thing. */
export class Cookie extends SessionCookie {
  /**
   * @param options - Settings; of `expires` and `maxAge` the one that stands last counts.
   * @throws TypeError when `options` is no object.
   */
  constructor(options?: CookieOptions) {
    super({ path: '/', httpOnly: true }, undefined, Date.now);
    if (!options) return;
    if (typeof options !== 'object') throw new TypeError('argument options must be a object');
    const { originalMaxAge } = options;
    for (const [name, value] of Object.entries(options)) {
      if (name !== 'data' && name !== 'originalMaxAge') Reflect.set(this, name, value);
    }
    if (originalMaxAge !== undefined && originalMaxAge !== null) this.originalMaxAge = originalMaxAge;
  }

  /** The cookie of a stored session: as it was stored, over the application's settings. */
  static stored(defaults: CookieDefaults, stored: CookieChanges & { expires?: unknown }): Cookie {
    const { originalMaxAge = null, expires, ...attributes } = stored;
    const { maxAge: _maxAge, expires: _expires, ...rest } = defaults;
    const cookie = new Cookie({ ...rest, ...attributes });
    cookie.originalMaxAge = originalMaxAge;
    if (typeof expires !== 'string' && !(expires instanceof Date)) cookie.resetMaxAge();
    else cookie.expires = new Date(expires);
    cookie.originalMaxAge = originalMaxAge;
    return cookie;
  }

  /** Milliseconds until the cookie expires, or null for a cookie that ends with the browser. */
  override get maxAge(): number | null {
    return super.maxAge;
  }

  /** @throws TypeError for what is neither a number nor a Date, and not empty. */
  override set maxAge(life: number | Date | null | undefined) {
    if (life && typeof life !== 'number' && !(life instanceof Date)) {
      throw new TypeError('maxAge must be a number or Date');
    }
    if (life instanceof Date) this.expires = life;
    else super.maxAge = typeof life === 'number' ? life : null;
  }

  /** When the cookie expires, or null for a cookie that ends with the browser. */
  override get expires(): Date | null {
    return super.expires;
  }

  override set expires(date: Date | null | undefined) {
    super.expires = date || null;
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

  override changesFrom(): CookieChanges {
    return this.snapshot();
  }
}
