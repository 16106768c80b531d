import type { IncomingMessage } from 'node:http';
import type { CookieParts } from '../cookie/cookie-parts.js';
import type { SessionSettings } from '../core/request/session-rules.js';
import type { TokenCodec } from '../core/record/token-codec.js';
import type { CookieDefaults } from '../core/record/session-cookie.js';
import type { ResolvedDeviceBound } from './device-bound-options.js';
import type { ResolvedEncryption } from './encryption-options.js';
import type { HttpProfile } from './http-profile.js';
import type { PolicyCap } from './policy.js';
import type { SessionClock } from './session-clock.js';
import type { SessionModuleOptions } from './session-options.interface.js';

/** The settings of the HTTP side. */
export interface HttpSettings {
  readonly profile: HttpProfile;
  /** The name of the cookie. */
  readonly cookieName: string;
  /** The cookie settings for a request. */
  readonly cookieFor: (request: IncomingMessage) => CookieDefaults;
  readonly load: 'eager' | 'lazy';
  readonly unset: 'keep' | 'destroy';
  readonly proxy: boolean | undefined;
  /** Whether a request is passive. @defaultValue none is */
  readonly passive?: ((request: IncomingMessage) => boolean) | undefined;
  /** The other origins that may send requests other than GET. @defaultValue none */
  readonly trustedOrigins?: ReadonlySet<string>;
  /** The header `Clear-Site-Data` of a response that ends a session. @defaultValue none */
  readonly clearSiteData?: string | undefined;
  /** The codec for the cookie of a request. */
  readonly codecFor: (request: IncomingMessage) => TokenCodec;
  /** The values of the session cookie of a request, in order. Iterate once. */
  readonly tokensOf: (request: IncomingMessage, codec: TokenCodec) => Iterable<string>;
  /** Splits a session over several cookies, if allowed. @defaultValue one cookie */
  readonly parts?: CookieParts;
}

/** The checked options of the module, with every default. */
export interface ResolvedOptions {
  readonly engine: SessionSettings;
  readonly http: HttpSettings;
  /** The clock of the engine. */
  readonly clock: SessionClock;
  /** The limit of the policy for `cookie.maxAge`. @defaultValue none */
  readonly policyCap: PolicyCap | undefined;
  /** The option `deviceBound`, if it is set. */
  readonly deviceBound: ResolvedDeviceBound | undefined;
  /** The option `encryption`, if it is set. */
  readonly encryption: ResolvedEncryption | undefined;
  /** The secrets that sign cookies, for a store that derives its keys from them. */
  readonly secrets: readonly (string | Buffer)[];
  /** Milliseconds. */
  readonly storeTimeout: number;
  readonly store: SessionModuleOptions['store'];
  readonly forRoutes: SessionModuleOptions['forRoutes'];
  readonly exclude: SessionModuleOptions['exclude'];
  /** Warnings about options that are allowed. */
  readonly warnings: readonly string[];
}
