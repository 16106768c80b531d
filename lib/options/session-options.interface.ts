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

/** Options of `SessionModule.forRoot`. All are checked when the application starts; a wrong one stops it. */
export interface SessionModuleOptions {
  /**
   * The key that signs cookies (HMAC-SHA256), or several: the first signs, all verify, so that you can replace a secret without
   * signing anybody out. Use at least 32 random bytes. A shorter secret is refused if `NODE_ENV` is `production`, and causes a
   * warning elsewhere.
   */
  secret: string | Buffer | readonly (string | Buffer)[];

  /**
   * The store of sessions: a {@link SessionStore}, a factory such as `typeOrmStore()`, or a store for express-session (any
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
   * The settings of the cookie, or a function of the request that returns them. Settings that contradict each other or the
   * prefix of the name are refused.
   *
   * @defaultValue `{ httpOnly: true, secure: 'auto', sameSite: 'lax', path: '/' }`, ending with the browser
   */
  cookie?: SessionCookieOptions | ((request: IncomingMessage) => SessionCookieOptions);

  /**
   * A session ends on the server if it is not used for this long (OWASP ASVS 5.0, 7.3.1). A value above
   * {@link absoluteTimeout} has no effect and causes a warning.
   *
   * @defaultValue the cookie's `maxAge`, else 1 day
   */
  idleTimeout?: Duration;

  /**
   * A session ends on the server at this age, even if it is used. It counts from the beginning or from the last `login()`; no
   * touch moves it (OWASP ASVS 5.0, 7.3.2). `false` switches it off.
   *
   * @defaultValue 30 days
   */
  absoluteTimeout?: Duration | false;

  /**
   * A standard whose limits sessions keep to. It sets {@link idleTimeout} and {@link absoluteTimeout} where they are not
   * given, and the application does not start with longer ones. A longer `cookie.maxAge` of a single session has no effect,
   * and one warning says so.
   *
   * - `'nist-aal1'`: 30 days in all; `'nist-aal2'`: 1 hour idle, 24 hours in all; `'nist-aal3'`: 15 minutes idle, 12 hours
   *   in all (NIST SP 800-63B-4, 2.1.3, 2.2.3 and 2.3.3).
   * - `'pci-dss'`: 15 minutes idle (PCI DSS 4.0.1, 8.2.8).
   *
   * @defaultValue none
   */
  policy?: SessionPolicy;

  /**
   * How stale `lastSeenAt` may get before a request that only reads writes it. A value above a tenth of the idle timeout, or of
   * the cookie's life, is lowered to that.
   *
   * @defaultValue 1 minute
   */
  touchInterval?: Duration;

  /**
   * Tells passive requests: they read the session, but are no use of it. They do not move the idle deadline, renew neither
   * the cookie nor the id, and leave `lastSeenAt` as it is; what they change is stored all the same. For polling and
   * notifications. `@PassiveSession()` says the same of a route, and `session.touch()` makes a request a use after all.
   *
   * The request is Node's, on Fastify too. Of a WebSocket it is the handshake's. A result that is neither `true` nor `false`
   * is a {@link SessionOptionsError}.
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
   * How long the old id still works after a scheduled renewal, for requests under way.
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
   * Finds the user in the data, for sessions without `login()`. Sessions are indexed by it.
   *
   * @defaultValue `data.userId`, else `data.passport?.user`
   */
  userId?: (data: SessionData) => string | number | undefined | null;

  /**
   * A Standard Schema (zod, valibot, arktype) for session data. Loaded data is checked and used as the schema returns it; a
   * mismatch leads to a new session and an event, as for every row that cannot be read. Data is checked again before it is
   * stored: a mismatch is a {@link SessionDataError} that names the keys. The schema gets data as JSON, and must accept its own
   * results.
   *
   * @see https://standardschema.dev
   */
  schema?: StandardSchemaV1;

  /**
   * The version of the data that this release of the application writes: 1, 2 and so on. Data without one has version 0.
   */
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
   * The most sessions of one user; beyond it the oldest ends. The store must be able to find sessions by user.
   *
   * @defaultValue no limit
   */
  maxSessionsPerUser?: number;

  /**
   * Keep the client's address and user agent with the session. The address is `req.ip` of the framework. Behind a proxy, set
   * `trust proxy` of Express or `trustProxy` of Fastify, or it is the proxy's.
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
   * How long a call of the store may take before it fails. The limit also holds for promises of {@link schema} and
   * {@link migrate}: one that does not settle in time is a `SessionUsageError` (500) that names the option.
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
   * The most bytes of JSON in a session. Larger data is refused with an error that names the size.
   *
   * @defaultValue 1 048 576 (1 MiB)
   */
  maxDataBytes?: number;

  /**
   * When an unchanged cookie is sent again, which restarts its life. `true`: with every response, which costs a write each
   * time. `false`: never.
   *
   * @defaultValue with a touch or a change of the session, for cookies that outlive the browser
   */
  rolling?: boolean;

  /**
   * Store a session with every request, changed or not.
   *
   * @defaultValue `false`
   */
  resave?: boolean;

  /**
   * Store empty sessions, and give their visitors a cookie.
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
   * Makes session ids: 1 to 256 printable ASCII characters, unguessable (at least 128 random bits) and never the same
   * twice.
   *
   * @defaultValue 256 random bits from the system's CSPRNG
   */
  genid?: (request: IncomingMessage) => string;

  /**
   * Options of `CsrfGuard`. Without the guard they do nothing.
   */
  csrf?: SessionCsrfOptions;

  /**
   * What the browser clears when a session ends: the header `Clear-Site-Data` of the response that expires the cookie, unless
   * the application sets that header itself (OWASP ASVS 5.0, 14.3.1). `true` is `['cache', 'storage']`: visited pages, and data
   * of scripts. `'cookies'` clears all cookies of the domain and its subdomains. Browsers obey only over secure connections.
   *
   * @defaultValue `false`
   */
  clearSiteData?: boolean | readonly ClearSiteDataDirective[];

  /**
   * Binds a session that a user signs in to, to a key that never leaves the device (Device Bound Session Credentials,
   * experimental): a stolen cookie is worth nothing after `lifetime`. Browsers without support go on as before, unless
   * `require: 'always'`. Needs HTTPS, `sameSite: 'lax'` or `'strict'`, and a store that keeps its sessions by itself: not
   * `CookieSessionStore`, nor a store for express-session.
   *
   * @defaultValue off
   * @see https://w3c.github.io/webappsec-dbsc/
   */
  deviceBound?: boolean | SessionDeviceBoundOptions;

  /**
   * Whether to believe `X-Forwarded-Proto` when deciding if a connection is secure, and `X-Forwarded-Host` when a
   * `CsrfGuard` asks for the application's own origin.
   *
   * @defaultValue the framework's own setting (Express: `trust proxy`, Fastify: `trustProxy`)
   */
  proxy?: boolean;

  /**
   * The routes the middleware applies to, as `consumer.apply(...).forRoutes(...)` takes them; at least one.
   *
   * @defaultValue every route
   */
  forRoutes?: Parameters<MiddlewareRoutes['forRoutes']>;

  /** The routes the middleware leaves out, as `consumer.apply(...).exclude(...)` takes them. */
  exclude?: Parameters<MiddlewareRoutes['exclude']>;
}

/** Makes the options of `SessionModule.forRootAsync({ useClass })` and `({ useExisting })`. */
export interface SessionOptionsFactory {
  /** The options, as `SessionModule.forRoot` takes them. */
  createSessionOptions(): SessionModuleOptions | Promise<SessionModuleOptions>;
}
