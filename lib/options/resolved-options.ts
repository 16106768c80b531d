import type { IncomingMessage } from 'node:http';
import type { CookieParts } from '../cookie/cookie-parts.js';
import type { SessionSettings } from '../core/request/session-rules.js';
import type { TokenCodec } from '../core/record/token-codec.js';
import type { CookieDefaults } from '../core/record/session-cookie.js';
import type { ResolvedDeviceBound } from './device-bound-options.js';
import type { ResolvedEncryption } from './encryption-options.js';
import type { HttpProfile } from './http-profile.js';
import type { SessionClock } from './session-clock.js';
import type { SessionModuleOptions } from './session-options.interface.js';

/** What the HTTP side of the module needs to know. */
export interface HttpSettings {
  /** How sessions look and behave. */
  readonly profile: HttpProfile;
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
}

/** The options of the module after they were checked, with every default filled in. */
export interface ResolvedOptions {
  readonly engine: SessionSettings;
  readonly http: HttpSettings;
  /** The time that the engine goes by. */
  readonly clock: SessionClock;
  /** How sessions are bound to devices, where they are. */
  readonly deviceBound: ResolvedDeviceBound | undefined;
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
