import type { FinalAttributes } from '../cookie/cookie-header.js';
import type { SessionCookie } from '../core/record/session-cookie.js';
import type { SessionProfile } from '../core/request/session-rules.js';
import { NEST_PROFILE } from '../core/session.js';

/** How long the browser keeps a cookie. */
interface CookieLife {
  /** Milliseconds. */
  readonly maxAge: number;
  readonly expires: Date;
}

/** The HTTP behaviour of sessions: for Nest applications, or as in express-session. */
export interface HttpProfile extends SessionProfile {
  /** Whether `req.session` is an enumerable property. */
  readonly isEnumerable: boolean;
  /** Whether a second `res.end()` is ignored. Otherwise Node throws an error. */
  readonly endsOnce: boolean;
  /** Whether the response expires the cookie of a session that has ended. */
  readonly expiresCookies: boolean;
  /** The attributes that tell the browser how long to keep a cookie. */
  lifeAttributes(life: CookieLife): FinalAttributes;
  /**
   * Whether a cookie with these attributes needs a secure connection. On other connections the session is not
   * stored.
   */
  needsSecure(cookie: SessionCookie): boolean;
  /** Converts an error of this package into the error that the application gets. */
  errorFor(error: unknown): unknown;
}

/** The behaviour for Nest applications. */
export const NEST_HTTP_PROFILE: HttpProfile = {
  ...NEST_PROFILE,
  isEnumerable: false,
  endsOnce: false,
  expiresCookies: true,
  lifeAttributes: (life) => life,
  // Without `Secure`, browsers drop cookies with `SameSite=None` or `Partitioned`.
  needsSecure: ({ secure, sameSite, partitioned }) =>
    secure === true || sameSite === 'none' || partitioned === true,
  errorFor: (error) => error,
};
