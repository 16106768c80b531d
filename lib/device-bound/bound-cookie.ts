import type { IncomingMessage } from 'node:http';
import { cookieValues, hasCookie, setCookieHeader } from '../cookie/cookie-header.js';
import type { DeviceBinding } from '../core/record/device-binding.js';
import type { ResolvedDeviceBound } from '../options/device-bound-options.js';
import { type DeviceSeal, MAC } from './device-seal.js';

const VALUE = new RegExp(`^([0-9a-z]{1,10})\\.(${MAC})$`);

/** The browser deletes the cookie this much earlier, so that requests in flight arrive in time. */
const AHEAD = 10_000;
const LARGEST_PART = 0.1;

/** The cookie, of whose session. */
export interface BoundSession {
  /** The session's key. */
  readonly key: string;
  readonly binding: DeviceBinding;
}

/**
 * The short-lived cookie that stands for a proof of the device: `<its end>.<MAC>`. The MAC is over the session's key,
 * the sign-in that it was bound with (for which one public key is registered, once), and the end. It needs no entry in
 * the store.
 */
export class BoundCookie {
  constructor(
    private readonly options: ResolvedDeviceBound,
    private readonly seal: DeviceSeal,
  ) {}

  /** Whether a request has a valid cookie for a session. `at`: milliseconds since the Unix epoch. */
  isIn({ headers }: IncomingMessage, session: BoundSession, at: number): boolean {
    return cookieValues(headers.cookie, this.options.cookieName).some((value) =>
      this.#isGood(value, session, at),
    );
  }

  /** Whether a request has such a cookie, valid or not. */
  isSentBy({ headers }: IncomingMessage): boolean {
    return hasCookie(headers.cookie, this.options.cookieName);
  }

  /** The `Set-Cookie` header of a cookie that expires at a time. */
  header(session: BoundSession, now: number, endsAt: number): string {
    const end = Math.floor(endsAt);
    const value = `${end.toString(36)}.${this.seal.sign(...partsOf(session, end))}`;
    const life = end - now;
    return this.#header(value, Math.max(life - Math.min(AHEAD, life * LARGEST_PART), 1_000));
  }

  /** The `Set-Cookie` header that deletes the cookie. */
  get expiredHeader(): string {
    return this.#header('', 0);
  }

  /**
   * The attributes that the browser must know in advance. If they differ from those of the cookie, it sends a
   * proof before every request.
   */
  get attributes(): string {
    const { cookiePath, sameSite } = this.options;
    return `Path=${cookiePath}; Secure; HttpOnly; SameSite=${sameSite === 'lax' ? 'Lax' : 'Strict'}`;
  }

  #isGood(value: string, session: BoundSession, at: number): boolean {
    const [, end = '', mac = ''] = VALUE.exec(value) ?? [];
    const endsAt = parseInt(end, 36);
    return endsAt > at && this.seal.verify(mac, ...partsOf(session, endsAt));
  }

  #header(value: string, maxAge: number): string {
    const { cookieName, cookiePath, sameSite } = this.options;
    return setCookieHeader(cookieName, value, {
      path: cookiePath,
      secure: true,
      httpOnly: true,
      sameSite,
      maxAge,
    });
  }
}

function partsOf({ key, binding }: BoundSession, endsAt: number): (string | number)[] {
  return ['cookie', key, binding.epoch, binding.at, endsAt];
}
