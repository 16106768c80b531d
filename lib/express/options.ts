import type { CipherKey } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { cookieValues } from '../cookie/cookie-header.js';
import { SignedIdCodec } from '../cookie/signed-id.codec.js';
import type { SessionSettings } from '../core/request/session-rules.js';
import type { TokenCodec } from '../core/record/token-codec.js';
import type { CookieDefaults } from '../core/record/session-cookie.js';
import { type IdScheme, randomSecret } from '../core/record/session-id.js';
import { describe } from '../errors/describe.js';
import { messages } from '../errors/messages.js';
import { SessionDataError } from '../errors/session-data.error.js';
import { isSecure } from '../http/connection.js';
import type { HttpSettings } from '../options/resolved-options.js';
import type { ExpressSessionStore } from '../stores/express/express-session-store.js';
import type { CookieOptions } from './cookie.js';
import { MemoryStore } from './memory-store.js';
import { EXPRESS_PROFILE } from './profile.js';
import type { ExpressSessionRequest } from './request.js';

type Secret = CipherKey;

/** Options of `session()`: those of express-session, with their names and defaults. */
export interface SessionOptions {
  /** The key that signs the cookie, or several: the first signs, all verify. @defaultValue `req.secret`, which cookie-parser sets */
  secret?: Secret | readonly Secret[];
  /** The store of sessions. @defaultValue a new `MemoryStore` */
  store?: ExpressSessionStore;
  /** The name of the cookie. @defaultValue `'connect.sid'` */
  name?: string;
  /** The old name of the option `name`. */
  key?: string;
  /** Settings of the cookie, or a function of the request that returns them. @defaultValue `{ path: '/', httpOnly: true }` */
  cookie?: CookieOptions | ((req: never) => CookieOptions);
  /** Generates session ids. @defaultValue 256 random bits from the system's CSPRNG */
  genid?: (req: never) => string;
  /** Whether to trust `X-Forwarded-Proto`. @defaultValue Express's `trust proxy` */
  proxy?: boolean;
  /** Stores a session with every request, even if it did not change. @defaultValue `true` */
  resave?: boolean;
  /** Sends the cookie with every response. @defaultValue `false` */
  rolling?: boolean;
  /** Stores empty sessions, and sends their visitors a cookie. @defaultValue `true` */
  saveUninitialized?: boolean;
  /** What `req.session = null` does: `'keep'` leaves the stored session as it is, `'destroy'` ends it. @defaultValue `'keep'` */
  unset?: 'destroy' | 'keep';
  /** Milliseconds after which a store call fails; express-session has no limit. @defaultValue 5 000 */
  storeTimeout?: number;
}

/** The options with every default filled in. @internal */
export interface ResolvedSessionOptions {
  readonly store: ExpressSessionStore;
  /** Milliseconds. */
  readonly storeTimeout: number;
  readonly engine: SessionSettings;
  readonly http: HttpSettings;
  /** Warnings about options that are allowed. */
  readonly warnings: readonly string[];
}

/** Milliseconds after which a call of the store fails. */
const STORE_TIMEOUT = 5_000;

/** Longer than any cookie: ids are refused by their signature, not by their length. */
const MAX_TOKEN_LENGTH = 4096;

/**
 * Checks the options as express-session does, with its messages, and fills in its defaults.
 *
 * @throws TypeError for a wrong `genid`, `unset`, `secret` or `storeTimeout`.
 *
 * @internal
 */
export function resolveSessionOptions(options: SessionOptions): ResolvedSessionOptions {
  const { genid, resave, saveUninitialized } = options;
  const cookie = filled<CookieOptions | ((req: never) => CookieOptions), CookieOptions>(options.cookie, {});
  const proxy = typeof options.proxy === 'boolean' ? options.proxy : undefined;
  if (genid && typeof genid !== 'function') throw new TypeError('genid option must be a function');
  if (options.unset && !['destroy', 'keep'].includes(options.unset)) {
    throw new TypeError('unset option must be "destroy" or "keep"');
  }
  const { storeTimeout = STORE_TIMEOUT } = options;
  if (!Number.isFinite(storeTimeout) || storeTimeout <= 0) {
    throw new TypeError('storeTimeout option must be a number of milliseconds above zero');
  }
  const secrets = secretsIn(options.secret);
  const name = filled(options.name, filled(options.key, 'connect.sid'));
  const store = filled(options.store, undefined) ?? new MemoryStore();
  const cookieFor = (req: IncomingMessage): CookieDefaults => {
    const given: CookieOptions = typeof cookie === 'function' ? cookie(req as never) : cookie;
    if (typeof given !== 'object') throw new TypeError('argument options must be a object');
    const settings = { ...given };
    if (settings.secure === 'auto') settings.secure = isSecure(req, proxy);
    if (settings.sameSite === 'auto') settings.sameSite = isSecure(req, proxy) ? 'none' : 'lax';
    if (settings.maxAge === false) settings.maxAge = null;
    if (settings.expires === false) settings.expires = null;
    return { path: '/', httpOnly: true, ...(settings as CookieDefaults) };
  };
  return {
    store,
    storeTimeout,
    engine: {
      now: () => Date.now(),
      // Only the store ends sessions, as with express-session.
      lifetimes: {
        idleTimeout: Infinity,
        absoluteTimeout: false,
        touchInterval: 0,
        rotateInterval: false,
        rotationGrace: 0,
      },
      durationOf: (_, given) => Number(given),
      idleFollowsCookie: true,
      profile: EXPRESS_PROFILE,
      ids: expressIds(genid ? (req) => checkedId(genid(req as never)) : randomSecret),
      userIdOf: () => undefined,
      schema: undefined,
      maxSessionsPerUser: undefined,
      maxDataBytes: Infinity,
      trackDevice: false,
      resave: resave === undefined || Boolean(resave),
      saveUninitialized: saveUninitialized === undefined || Boolean(saveUninitialized),
      rolling: options.rolling ? 'always' : 'change',
      onStoreError: 'fail',
    },
    http: {
      profile: EXPRESS_PROFILE,
      cookieName: name,
      cookieFor,
      load: 'eager',
      unset: filled(options.unset, 'keep'),
      proxy,
      codecFor: secrets ? fixed(codecOf(secrets)) : (req) => codecOf([secretOf(req)!]),
      tokensOf: (req, codec) => tokensOf(req, name, codec),
    },
    warnings: warningsFor(options, store),
  };
}

/** Ids of express-session: the id itself is key and token. */
function expressIds(generate: (request: unknown) => string): IdScheme {
  const same = (id: string): string => id;
  return { generate, renew: () => generate(undefined), keyOf: same, tokenOf: same };
}

/** The secret of cookie-parser on a request. @internal */
export function secretOf(req: IncomingMessage): Secret | undefined {
  return (req as ExpressSessionRequest).secret as Secret | undefined;
}

function secretsIn(given: SessionOptions['secret']): [Secret, ...Secret[]] | undefined {
  if (!given) return undefined;
  const [first, ...rest] = Array.isArray(given) ? (given as Secret[]) : [given as Secret];
  if (first === undefined) throw new TypeError('secret option array must contain one or more strings');
  return [first, ...rest];
}

function codecOf(secrets: [Secret, ...Secret[]]): TokenCodec {
  return new SignedIdCodec(secrets, { maxLength: MAX_TOKEN_LENGTH, isId: (id) => id !== '' });
}

/** The default for an empty value (null, '' or 0). */
function filled<Value, Default>(given: Value | null | undefined, fallback: Default): Value | Default {
  if (given) return given;
  return fallback;
}

function fixed<Value>(value: Value): () => Value {
  return () => value;
}

/**
 * The tokens of a request: those in its header and then, if none of them is valid, those that cookie-parser has read, in case
 * the header is gone. An id that it verified is signed again.
 */
function* tokensOf(req: IncomingMessage, name: string, codec: TokenCodec): Generator<string, undefined> {
  yield* cookieValues(req.headers.cookie, name);
  const { cookies, signedCookies } = req as ExpressSessionRequest;
  const verified = valueIn(signedCookies, name);
  if (verified !== undefined) yield codec.seal(verified);
  const token = valueIn(cookies, name);
  if (token !== undefined) yield token;
}

/** Accepts only text: an object of a cookie must not reach a store (CVE-2022-33171). */
function valueIn(cookies: unknown, name: string): string | undefined {
  const value = (cookies as Record<string, unknown> | undefined)?.[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function checkedId(id: unknown): string {
  if (typeof id !== 'string' || id === '') throw new SessionDataError(messages.genidResult(describe(id)));
  return id;
}

function warningsFor({ secret, resave, saveUninitialized }: SessionOptions, store: object): string[] {
  return [
    ...(resave === undefined ? [messages.optionUndefined('resave', true)] : []),
    ...(saveUninitialized === undefined ? [messages.optionUndefined('saveUninitialized', true)] : []),
    ...(secret ? [] : [messages.secretFromRequest]),
    ...(process.env.NODE_ENV === 'production' && store instanceof MemoryStore
      ? [messages.memoryStore('MemoryStore')]
      : []),
  ];
}
