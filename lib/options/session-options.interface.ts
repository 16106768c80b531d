import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { InjectionToken, MiddlewareConsumer, OptionalFactoryDependency } from '@nestjs/common';
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

type MiddlewareRoutes = ReturnType<MiddlewareConsumer['apply']>;

/** What a store factory may ask the container for: a token, or an optional one as Nest writes it. */
export type StoreDependency = InjectionToken | OptionalFactoryDependency;

/** A store of this package, or one for express-session. */
type StoreLike = SessionStore | ExpressSessionStore;

/** Makes a store out of what the container holds, for example its `DataSource`. */
export interface SessionStoreFactory {
  /** The tokens whose values {@link useFactory} is called with; optional ones as Nest writes them. */
  readonly inject?: readonly StoreDependency[];
  /** Makes the store. */
  readonly useFactory: (...dependencies: never[]) => StoreLike | Promise<StoreLike>;
}

/** What `SessionModule.forRoot` takes. Every option is checked when the application starts; a wrong one stops it. */
export interface SessionModuleOptions {
  /**
   * The key that cookies are signed with (HMAC-SHA256), or several: the first signs, all verify, so that a secret can
   * be exchanged without signing anybody out. Use at least 32 random bytes: less is refused when `NODE_ENV` is
   * `production`, and warned of elsewhere.
   */
  secret: string | Buffer | readonly (string | Buffer)[];

  /**
   * Where sessions live: a {@link SessionStore}, a factory such as `typeOrmStore()`, or a store for express-session (any
   * `connect-*` package), which `ExpressStoreAdapter` of `nest-session/express` describes.
   *
   * @defaultValue `new MemorySessionStore()`: in this process, lost with it
   */
  store?: SessionStore | SessionStoreFactory | ExpressSessionStore;

  /**
   * The name of the cookie.
   *
   * @defaultValue `__Host-sid` where the cookie qualifies (`secure: true`, path `/`, no domain), else `sid`
   * @see RFC 6265bis, section 4.1.3 (cookie name prefixes)
   */
  name?: string;

  /**
   * Settings of the cookie, or a function of the request that returns them. Settings that contradict each other or
   * the name's prefix are refused.
   *
   * @defaultValue `{ httpOnly: true, secure: 'auto', sameSite: 'lax', path: '/' }`, ending with the browser
   */
  cookie?: SessionCookieOptions | ((request: IncomingMessage) => SessionCookieOptions);

  /**
   * A session not seen for this long is over, whatever its cookie says (OWASP ASVS 5.0, 7.3.1). Longer than the
   * {@link absoluteTimeout} it is never reached, and warned of.
   *
   * @defaultValue the cookie's `maxAge`, else 1 day
   */
  idleTimeout?: Duration;

  /**
   * A session older than this is over, however active; counted from its beginning or from the last `login()`. No
   * touch moves it (OWASP ASVS 5.0, 7.3.2). `false` switches it off.
   *
   * @defaultValue 30 days
   */
  absoluteTimeout?: Duration | false;

  /**
   * How old `lastSeenAt` may get before a request that only reads writes it. At most a tenth of the idle timeout and of
   * the cookie's life: a longer interval is lowered.
   *
   * @defaultValue 1 minute
   */
  touchInterval?: Duration;

  /**
   * How old a session id may get before it is renewed; `false` for never. Has to be longer than {@link rotationGrace}; as
   * long as the {@link absoluteTimeout} it is never reached, and warned of.
   *
   * @defaultValue `false`
   */
  rotateInterval?: Duration | false;

  /**
   * How long the old id still finds the session after a scheduled renewal, for requests that were under way.
   *
   * @defaultValue 30 seconds
   */
  rotationGrace?: Duration;

  /**
   * When the store is read: `'eager'`: for every request that brings a session cookie, so that `req.session` is there
   * for every middleware; `'lazy'`: when `@Session()`, a `SessionGuard` or `SessionService.load()` first asks.
   *
   * @defaultValue `'eager'`
   */
  load?: 'eager' | 'lazy';

  /**
   * Finds in the data whose session it is, where `login()` has not said so. Sessions are indexed by it.
   *
   * @defaultValue `data.userId`, else `data.passport?.user`
   */
  userId?: (data: SessionData) => string | number | undefined | null;

  /**
   * What session data looks like: a Standard Schema (zod, valibot, arktype). Data is checked, and put as the schema
   * returns it, when it is loaded; what does not match is a fresh session and an event, as for every row that cannot be read.
   * It is checked again before it is stored: a mismatch is a {@link SessionDataError} that names the keys. The schema sees
   * data as JSON holds it, and has to accept what it returns itself.
   *
   * @see https://standardschema.dev
   */
  schema?: StandardSchemaV1;

  /**
   * The version of the data that this release of the application writes: 1, 2 and so on. Data that was stored without
   * one has version 0.
   */
  version?: number;

  /**
   * Brings data of an older {@link version} up to date when it is loaded, before {@link schema} checks it. What it
   * returns is stored with the first request. An error it throws is a fresh session, and a warning of the process, once.
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
   * How many sessions a user may have; beyond it the oldest is ended. Needs a store that knows users.
   *
   * @defaultValue no limit
   */
  maxSessionsPerUser?: number;

  /**
   * Keep the client's address and user agent with the session. The address is what the framework says (`req.ip`): behind a
   * proxy that is the proxy's, unless `trust proxy` of Express or `trustProxy` of Fastify trusts it.
   *
   * @defaultValue `true`
   */
  trackDevice?: boolean;

  /**
   * Seals what the application keeps in its sessions (data and flash values) before it goes to the store.
   *
   * @defaultValue off
   */
  encryption?: SessionEncryptionOptions;

  /**
   * How long a call of the store may take before it fails. The same limit holds for a promise of {@link schema} or
   * {@link migrate}: one that does not settle in time is a `SessionUsageError` (500) that names the option.
   *
   * @defaultValue 5 seconds
   */
  storeTimeout?: Duration;

  /**
   * What happens when a session cannot be loaded: `'fail'` answers 503 with `Retry-After`; `'anonymous'` goes on with an
   * empty session that is never stored.
   *
   * @defaultValue `'fail'`
   */
  onStoreError?: 'fail' | 'anonymous';

  /**
   * The most bytes of JSON a session may hold; more is refused with an error that names the size.
   *
   * @defaultValue 1 048 576 (1 MiB)
   */
  maxDataBytes?: number;

  /**
   * When a cookie that the browser has already is sent again, so that its life starts anew. `true`: with every response,
   * which costs a write each time. `false`: only when it has to be sent, as for a new id.
   *
   * @defaultValue together with a touch or a change of the session, for cookies that outlive the browser
   */
  rolling?: boolean;

  /**
   * Store a session with every request, changed or not.
   *
   * @defaultValue `false`
   */
  resave?: boolean;

  /**
   * Store sessions that hold nothing, and give their visitors a cookie.
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
   * What a `CsrfGuard` goes by. Without the guard it does nothing.
   */
  csrf?: SessionCsrfOptions;

  /**
   * What the browser clears of the site when a session is over: sent as `Clear-Site-Data` with the response that
   * expires the cookie of a session that the request ended, unless the application sets that header itself (OWASP
   * ASVS 5.0, 14.3.1). `true` is `['cache', 'storage']`: pages that were looked at, and what scripts have kept. `'cookies'`
   * takes every cookie of the domain and of its subdomains, whoever set it. Browsers obey over secure connections alone.
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
