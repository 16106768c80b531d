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

/** How sessions look and behave over HTTP, too: as Nest applications have them, or as express-session has them. */
export interface HttpProfile extends SessionProfile {
  /** Whether `req.session` is an enumerable property. */
  readonly isEnumerable: boolean;
  /** Whether a second `res.end()` is ignored. If not, Node makes it an error. */
  readonly endsOnce: boolean;
  /** Whether the response expires the cookie of a session that has ended. */
  readonly expiresCookies: boolean;
  /** The attributes that tell the browser how long to keep a cookie. */
  lifeAttributes(life: CookieLife): FinalAttributes;
  /** Whether a cookie with these settings is sent over secure connections only. Over others, its session is not stored. */
  needsSecure(cookie: SessionCookie): boolean;
  /** The error that the application gets for an error of this package. */
  errorFor(error: unknown): unknown;
}

/** Sessions as Nest applications have them. */
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
