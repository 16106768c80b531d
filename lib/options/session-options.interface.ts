import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { MiddlewareConsumer } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import type { SessionData } from '../core/session-data.js';
import type { SessionStore } from '../core/store/session-store.js';
import type { ExpressSessionStore } from '../stores/express/express-session-store.js';
import type { ClearSiteDataDirective } from './clear-site-data.js';
import type { SessionCookieOptions } from './cookie-options.js';
import type { SessionCsrfOptions } from './csrf-options.js';
import type { SessionDeviceBoundOptions } from './device-bound-options.js';
import type { SessionEncryptionOptions } from './encryption-options.js';
import type { Duration } from './option-checks.js';
import type { SessionPolicy } from './policy.js';
import type { SessionStoreFactory } from './store-factory.interface.js';

type MiddlewareRoutes = ReturnType<MiddlewareConsumer['apply']>;

/**
 * Options of `SessionModule.forRoot`. All are checked when the application starts. It does not start with a wrong
 * option.
 */
export interface SessionModuleOptions {
  /**
   * The key that signs cookies (HMAC-SHA256), or several: the first signs, all verify, so that you can replace a secret
   * without signing users out. Use at least 32 random bytes. A shorter secret is an error if `NODE_ENV` is
   * `production`, and a warning otherwise.
   */
  secret: string | Buffer | readonly (string | Buffer)[];

  /**
   * The session store: a {@link SessionStore}, a factory such as `typeOrmStore()`, or a store for express-session (any
   * `connect-*` package, see `ExpressStoreAdapter` of `nest-session/express`).
   *
   * @defaultValue `new MemorySessionStore()`: sessions are lost when the process ends
   */
  store?: SessionStore | SessionStoreFactory | ExpressSessionStore;

  /**
   * The name of the cookie.
   *
   * @defaultValue `__Host-sid` if the cookie qualifies (`secure: true`, path `/`, no domain), else `sid`
   * @see RFC 6265bis, section 4.1.3 (cookie name prefixes)
   */
  name?: string;

  /**
   * The attributes of the cookie, or a function of the request that returns them. Attributes that contradict each other
   * or the prefix of the name are refused.
   *
   * @defaultValue `{ httpOnly: true, secure: 'auto', sameSite: 'lax', path: '/' }`, without `maxAge`
   */
  cookie?: SessionCookieOptions | ((request: IncomingMessage) => SessionCookieOptions);

  /**
   * Ends a session on the server after this time without a request (OWASP ASVS 5.0, 7.3.1). A value above {@link
   * absoluteTimeout} has no effect and causes a warning.
   *
   * @defaultValue the cookie's `maxAge`, else 1 day
   */
  idleTimeout?: Duration;

  /**
   * Ends a session on the server at this age, even if it is in use. The time counts from the start of the session or
   * the last `login()` (OWASP ASVS 5.0, 7.3.2). `false` switches it off.
   *
   * @defaultValue 30 days
   */
  absoluteTimeout?: Duration | false;

  /**
   * Applies the timeouts of a security standard. It sets {@link idleTimeout} and {@link absoluteTimeout} if they are
   * not given, and the application does not start with longer ones, or with a longer `cookie.maxAge`. A longer
   * `cookie.maxAge` of a single session has no effect, and one warning reports it.
   *
   * - `'nist-aal1'`: 30 days absolute; `'nist-aal2'`: 1 hour idle, 24 hours absolute; `'nist-aal3'`: 15 minutes idle, 12 hours
   *   absolute (NIST SP 800-63B-4, 2.1.3, 2.2.3 and 2.3.3).
   * - `'pci-dss'`: 15 minutes idle (PCI DSS 4.0.1, 8.2.8).
   *
   * @defaultValue none
   */
  policy?: SessionPolicy;

  /**
   * How old `lastSeenAt` may get before a read-only request updates it. A value above a tenth of the idle timeout, or
   * of the cookie's life, is lowered to that.
   *
   * @defaultValue 1 minute
   */
  touchInterval?: Duration;

  /**
   * Returns whether a request is passive: it reads the session, but does not count as activity. It does not extend the
   * idle timeout, renews neither the cookie nor the id, and does not update `lastSeenAt`. Its changes are still stored.
   * Use it for polling and notifications. `@PassiveSession()` does the same for a route. `session.touch()` counts a
   * passive request as activity.
   *
   * The argument is Node's request, on Fastify too. For a WebSocket it is the request of the handshake. A result that
   * is neither `true` nor `false` causes a {@link SessionOptionsError}.
   *
   * @defaultValue no request is passive
   * @example
   * ```ts
   * passive: (request) => request.headers['x-background'] === '1'
   * ```
   */
  passive?: (request: IncomingMessage) => boolean;

  /**
   * The age at which a session id is renewed; `false` for never. It must be longer than {@link rotationGrace}. A value that
   * reaches {@link absoluteTimeout} has no effect and causes a warning.
   *
   * @defaultValue `false`
   */
  rotateInterval?: Duration | false;

  /**
   * How long the old id still works after a scheduled renewal, so that concurrent requests do not fail.
   *
   * @defaultValue 30 seconds
   */
  rotationGrace?: Duration;

  /**
   * When the store is read. `'eager'`: for every request with a session cookie, so that every middleware can use
   * `req.session`. `'lazy'`: when `@Session()`, a `SessionGuard` or `SessionService.load()` first needs the session.
   *
   * @defaultValue `'eager'`
   */
  load?: 'eager' | 'lazy';

  /**
   * Returns the user from the data of a session without `login()`. Sessions are indexed by it.
   *
   * @defaultValue `data.userId`, else `data.passport?.user`
   */
  userId?: (data: SessionData) => string | number | undefined | null;

  /**
   * A Standard Schema (zod, valibot, arktype) for session data. It validates data when it is loaded; the session
   * contains the output of the schema. If loaded data does not match, the visitor gets a new session, and a `rejected`
   * event is emitted. Data is validated again before it is stored: a mismatch causes a {@link SessionDataError} that
   * names the keys. The schema receives data as JSON, and must accept its own output.
   *
   * @see https://standardschema.dev
   */
  schema?: StandardSchemaV1;

  /** The version of the data that this release writes: 1, 2 and so on. Data without a version has version 0. */
  version?: number;

  /**
   * Migrates data of an older {@link version} when it is loaded, before {@link schema} checks it. The first request stores the
   * result. If it throws, the visitor gets a new session, and the process warns once.
   *
   * @example
   * ```ts
   * migrate: ({ basket, ...data }) => ({ ...data, cart: data.cart ?? basket })
   * ```
   */
  migrate?: (
    data: Record<string, unknown>,
    from: number,
  ) => Record<string, unknown> | Promise<Record<string, unknown>>;

  /**
   * The maximum number of sessions of one user. A login beyond it ends the oldest session. The store must be able to
   * find sessions by user.
   *
   * @defaultValue no limit
   */
  maxSessionsPerUser?: number;

  /**
   * Stores the client's address and user agent with the session. The address is the framework's `req.ip`. Behind a
   * proxy, set `trust proxy` of Express or `trustProxy` of Fastify; otherwise it is the proxy's address.
   *
   * @defaultValue `true`
   */
  trackDevice?: boolean;

  /**
   * Encrypts data and flash values before they are stored.
   *
   * @defaultValue off
   */
  encryption?: SessionEncryptionOptions;

  /**
   * How long a store call may take before it fails. The limit also applies to promises returned by {@link schema} and
   * {@link migrate}: if one does not settle in time, a `SessionUsageError` (500) names the option.
   *
   * @defaultValue 5 seconds
   */
  storeTimeout?: Duration;

  /**
   * What happens if a session cannot be loaded. `'fail'` answers 503 with `Retry-After`; `'anonymous'` continues with an empty
   * session that is never stored.
   *
   * @defaultValue `'fail'`
   */
  onStoreError?: 'fail' | 'anonymous';

  /**
   * The maximum size of a session's JSON in bytes. Larger data causes a {@link SessionDataError} that names the size.
   *
   * @defaultValue 1 048 576 (1 MiB)
   */
  maxDataBytes?: number;

  /**
   * When a cookie with a `maxAge` is sent again, which restarts its life. `true`: with every response, which costs a
   * write each time. `false`: only for a new session or a new id.
   *
   * @defaultValue with a touch or a change of the session
   */
  rolling?: boolean;

  /**
   * Stores a session with every request, even if it did not change.
   *
   * @defaultValue `false`
   */
  resave?: boolean;

  /**
   * Stores empty sessions, and sends their visitors a cookie.
   *
   * @defaultValue `false`
   */
  saveUninitialized?: boolean;

  /**
   * What `req.session = null` does: `'keep'` leaves the stored session as it is, `'destroy'` ends it.
   *
   * @defaultValue `'keep'`
   */
  unset?: 'keep' | 'destroy';

  /**
   * Generates session ids: 1 to 256 printable ASCII characters, unguessable (at least 128 random bits) and never the
   * same twice.
   *
   * @defaultValue 256 random bits from the system's CSPRNG
   */
  genid?: (request: IncomingMessage) => string;

  /** Options of `CsrfGuard`. They have no effect without the guard. */
  csrf?: SessionCsrfOptions;

  /**
   * What the browser deletes when a session ends. The response that expires the cookie gets the header
   * `Clear-Site-Data`, unless the application sets that header itself (OWASP ASVS 5.0, 14.3.1). `true` means
   * `['cache', 'storage']`: cached pages, and data of scripts. `'cookies'` deletes all cookies of the domain and its
   * subdomains. Browsers accept the header only over secure connections.
   *
   * @defaultValue `false`
   */
  clearSiteData?: boolean | readonly ClearSiteDataDirective[];

  /**
   * Binds the session of a signed-in user to a key that never leaves the device (Device Bound Session Credentials,
   * experimental). A stolen cookie stops working after `lifetime` at most. Browsers without support work as before,
   * unless you set `require: 'always'`. The option needs HTTPS, `sameSite: 'lax'` or `'strict'`, and a store of this
   * package other than `CookieSessionStore`.
   *
   * @defaultValue off
   * @see https://w3c.github.io/webappsec-dbsc/
   */
  deviceBound?: boolean | SessionDeviceBoundOptions;

  /**
   * Whether to trust `X-Forwarded-Proto` to decide if a connection is secure, and `X-Forwarded-Host` to determine the
   * application's own origin in `CsrfGuard`.
   *
   * @defaultValue the framework's own setting (Express: `trust proxy`, Fastify: `trustProxy`)
   */
  proxy?: boolean;

  /**
   * The routes to which the middleware applies, as for `consumer.apply(...).forRoutes(...)`; at least one.
   *
   * @defaultValue every route
   */
  forRoutes?: Parameters<MiddlewareRoutes['forRoutes']>;

  /** The routes to which the middleware does not apply, as for `consumer.apply(...).exclude(...)`. */
  exclude?: Parameters<MiddlewareRoutes['exclude']>;
}

/** Creates the options for `SessionModule.forRootAsync({ useClass })` and `({ useExisting })`. */
export interface SessionOptionsFactory {
  /** Returns the options, as for `SessionModule.forRoot`. */
  createSessionOptions(): SessionModuleOptions | Promise<SessionModuleOptions>;
}
