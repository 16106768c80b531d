import type { FinalAttributes } from '../cookie/cookie-header.js';
import type { SessionCookie } from '../core/record/session-cookie.js';
import type { SessionProfile } from '../core/request/session-rules.js';
import { NEST_PROFILE } from '../core/session.js';

/** How long the browser may keep a cookie. */
interface CookieLife {
  /** Milliseconds. */
  readonly maxAge: number;
  readonly expires: Date;
}

/** How sessions behave over HTTP: as for Nest applications, or as in express-session. */
export interface HttpProfile extends SessionProfile {
  /** Whether `req.session` is an enumerable property. */
  readonly isEnumerable: boolean;
  /** Whether a second `res.end()` is ignored. If not, Node makes it an error. */
  readonly endsOnce: boolean;
  /** Whether the response expires the cookie of a session that has ended. */
  readonly expiresCookies: boolean;
  /** The attributes that tell the browser how long to keep a cookie. */
  lifeAttributes(life: CookieLife): FinalAttributes;
  /** Whether a cookie with these settings needs a secure connection. Over others its session is not stored. */
  needsSecure(cookie: SessionCookie): boolean;
  /** The error that the application gets for an error of this package. */
  errorFor(error: unknown): unknown;
}

/** The behaviour for Nest applications. */
export const NEST_HTTP_PROFILE: HttpProfile = {
  ...NEST_PROFILE,
  isEnumerable: false,
  endsOnce: false,
  expiresCookies: true,
  lifeAttributes: (life) => life,
  // Browsers drop a cookie that crosses sites, or is partitioned, without `Secure`.
  needsSecure: ({ secure, sameSite, partitioned }) =>
    secure === true || sameSite === 'none' || partitioned === true,
  errorFor: (error) => error,
};
