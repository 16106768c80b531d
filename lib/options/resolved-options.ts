import type { IncomingMessage } from 'node:http';
import type { CookieParts } from '../cookie/cookie-parts.js';
import type { SessionSettings } from '../core/request/session-rules.js';
import type { TokenCodec } from '../core/record/token-codec.js';
import type { CookieDefaults } from '../core/record/session-cookie.js';
import type { ResolvedEncryption } from './encryption-options.js';
import type { SessionClock } from './session-clock.js';
import type { SessionModuleOptions } from './session-options.interface.js';

/** What the HTTP side of the module needs to know. */
export interface HttpSettings {
  /** The name of the cookie. */
  readonly cookieName: string;
  /** The cookie settings for a request. */
  readonly cookieFor: (request: IncomingMessage) => CookieDefaults;
  readonly load: 'eager' | 'lazy';
  readonly unset: 'keep' | 'destroy';
  readonly proxy: boolean | undefined;
  /** The origins whose pages may send requests that change something. @defaultValue none */
  readonly trustedOrigins?: ReadonlySet<string>;
  /** What is sent as `Clear-Site-Data` when a session is over. @defaultValue nothing */
  readonly clearSiteData?: string | undefined;
  /** What reads and writes the cookie of a request. */
  readonly codecFor: (request: IncomingMessage) => TokenCodec;
  /** The cookie's values that a request brings, in order; to be gone through once. */
  readonly tokensOf: (request: IncomingMessage, codec: TokenCodec) => Iterable<string>;
  /** How a session stands in several cookies, where it may. @defaultValue it stands in one */
  readonly parts?: CookieParts;
  /** Whether the cookie of an ended session is expired. */
  readonly clearsCookies: boolean;
  /** Whether a cookie that browsers would drop for want of `Secure` is not sent, and its session not stored. */
  readonly refusesUselessCookies: boolean;
  /** Whether the cookie says `Max-Age` beside `Expires`. */
  readonly sendsMaxAge: boolean;
  /** Whether `req.session` is enumerable. */
  readonly showsSession: boolean;
  /** Whether a second `res.end()` is passed over; if not, Node makes an error of it. */
  readonly endsOnce: boolean;
  /** What the application is given for an error. */
  readonly errorFor: (error: unknown) => unknown;
}

/** The options of the module after they were checked, with every default filled in. */
export interface ResolvedOptions {
  readonly engine: SessionSettings;
  readonly http: HttpSettings;
  /** The time that the engine goes by. */
  readonly clock: SessionClock;
  /** How sessions are sealed at rest, where they are. */
  readonly encryption: ResolvedEncryption | undefined;
  /** The secrets that cookies are signed with, for a store that derives keys of its own. */
  readonly secrets: readonly (string | Buffer)[];
  /** Milliseconds. */
  readonly storeTimeout: number;
  readonly store: SessionModuleOptions['store'];
  readonly forRoutes: SessionModuleOptions['forRoutes'];
  readonly exclude: SessionModuleOptions['exclude'];
  /** What is allowed but deserves a word in the log. */
  readonly warnings: readonly string[];
}
