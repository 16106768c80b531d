import type { IncomingMessage } from 'node:http';
import { cookieValues, hasCookie, setCookieHeader } from '../cookie/cookie-header.js';
import type { DeviceBinding } from '../core/record/device-binding.js';
import type { ResolvedDeviceBound } from '../options/device-bound-options.js';
import { type DeviceSeal, MAC } from './device-seal.js';

const VALUE = new RegExp(`^([0-9a-z]{1,10})\\.(${MAC})$`);

/** The browser gives the cookie up so much earlier, so that requests that are under way then arrive in time. */
const AHEAD = 10_000;
const LARGEST_PART = 0.1;

/** The cookie, of whose session. */
export interface BoundSession {
  /** The session's key. */
  readonly key: string;
  readonly binding: DeviceBinding;
}

/**
 * The short-lived cookie that stands for a proof of the device: `<its end>.<MAC>`. The MAC is over the session's key, the
 * sign-in that it was bound with (for which one public key is registered, once), and the end. Nothing is stored for it.
 */
export class BoundCookie {
  constructor(
    private readonly options: ResolvedDeviceBound,
    private readonly seal: DeviceSeal,
  ) {}

  /** Whether a request brings one that is good for a session. `at`: milliseconds since the epoch of Unix. */
  isIn({ headers }: IncomingMessage, session: BoundSession, at: number): boolean {
    return cookieValues(headers.cookie, this.options.cookieName).some((value) =>
      this.#isGood(value, session, at),
    );
  }

  /** Whether a request brings one, good or not. */
  isSentBy({ headers }: IncomingMessage): boolean {
    return hasCookie(headers.cookie, this.options.cookieName);
  }

  /** The `Set-Cookie` header of one that ends at a time. */
  header(session: BoundSession, now: number, endsAt: number): string {
    const end = Math.floor(endsAt);
    const value = `${end.toString(36)}.${this.seal.sign(...partsOf(session, end))}`;
    const life = end - now;
    return this.#header(value, Math.max(life - Math.min(AHEAD, life * LARGEST_PART), 1_000));
  }

  /** The `Set-Cookie` header that has the browser drop it. */
  get expiredHeader(): string {
    return this.#header('', 0);
  }

  /** The attributes, as the browser has to be told of them beforehand: differences mean a proof before every request. */
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
