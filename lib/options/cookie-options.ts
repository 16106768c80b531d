import type { IncomingMessage } from 'node:http';
import type { CookieAttributes, CookieDefaults } from '../core/record/session-cookie.js';
import { finalAttributes, setCookieHeader } from '../cookie/cookie-header.js';
import { describe } from '../errors/describe.js';
import { type Duration, duration, flag, oneOf, refuse } from './option-checks.js';

/** The settings of the session cookie. */
export interface SessionCookieOptions extends CookieAttributes {
  /**
   * How long the browser keeps the cookie. Without it (and without `expires`) the cookie ends when the browser is
   * closed. It is also the default of `idleTimeout`.
   */
  maxAge?: Duration | false | null;
  /**
   * When the browser deletes the cookie. If both `maxAge` and `expires` are set, the last one counts, as in
   * express-session.
   */
  expires?: Date | false | null;
}

const KNOWN = [
  'httpOnly',
  'secure',
  'sameSite',
  'path',
  'domain',
  'maxAge',
  'expires',
  'partitioned',
  'priority',
] as const satisfies readonly (keyof SessionCookieOptions)[];

/** The name of the cookie and its settings for a request. @internal */
export interface ResolvedCookie {
  readonly name: string;
  readonly for: (request: IncomingMessage) => CookieDefaults;
  /** The settings, if they are the same for all requests. */
  readonly fixed: CookieDefaults | undefined;
}

/** Checks the options `cookie` and `name`, together. @internal */
export function resolveCookie({
  cookie = {},
  name,
}: {
  cookie?: SessionCookieOptions | ((request: IncomingMessage) => SessionCookieOptions);
  name?: string;
}): ResolvedCookie {
  if (name !== undefined && (typeof name !== 'string' || name === '')) refuse('name', name, 'a cookie name');
  if (typeof cookie === 'function') {
    const known = name ?? 'sid';
    // The attributes depend on the request, so only the name can be checked now.
    checkName(known, { secure: true, path: '/' });
    return { name: known, fixed: undefined, for: (request) => checked(known, cookie(request)) };
  }
  const settings = defaultsOf(cookie);
  const qualifies = settings.secure === true && settings.path === '/' && settings.domain === undefined;
  const chosen = name ?? (qualifies ? '__Host-sid' : 'sid');
  checkName(chosen, settings);
  return { name: chosen, fixed: settings, for: () => settings };
}

function checked(name: string, options: SessionCookieOptions): CookieDefaults {
  const settings = defaultsOf(options);
  checkName(name, settings);
  return settings;
}

function defaultsOf(options: SessionCookieOptions): CookieDefaults {
  if (typeof options !== 'object' || options === null || Array.isArray(options) || options instanceof Promise)
    refuse('cookie', options, 'an object, or a function that returns one');
  for (const key of Object.keys(options)) {
    if (!(KNOWN as readonly string[]).includes(key))
      refuse(`cookie.${key}`, 'this name', `the names ${KNOWN.join(', ')}`);
  }
  const { path, domain, partitioned, priority } = options;
  for (const [key, value] of Object.entries({ path, domain })) {
    if (value !== undefined && (typeof value !== 'string' || value === ''))
      refuse(`cookie.${key}`, value, 'text');
  }
  if (path !== undefined && !path.startsWith('/')) refuse('cookie.path', path, 'a path that begins with "/"');
  const settings = {
    httpOnly: flag('cookie.httpOnly', options.httpOnly, true),
    secure: oneOf('cookie.secure', options.secure, [true, false, 'auto'], 'auto'),
    sameSite: oneOf(
      'cookie.sameSite',
      options.sameSite,
      ['lax', 'strict', 'none', 'auto', true, false],
      'lax',
    ),
    path: path ?? '/',
    ...(domain !== undefined && { domain }),
    ...(partitioned !== undefined && { partitioned: flag('cookie.partitioned', partitioned, false) }),
    ...(priority !== undefined && {
      priority: oneOf('cookie.priority', priority, ['low', 'medium', 'high'], 'medium'),
    }),
    ...lifeOf(options),
  };
  if (settings.sameSite === 'none' && settings.secure === false) {
    refuse(
      'cookie.sameSite',
      settings.sameSite,
      '"lax" or "strict" while cookie.secure is false; browsers drop a "none" cookie that is not secure',
    );
  }
  if (settings.partitioned && settings.secure === false) {
    refuse(
      'cookie.partitioned',
      true,
      'false while cookie.secure is false; browsers drop a partitioned cookie that is not secure',
    );
  }
  return settings as CookieDefaults;
}

/** If both `maxAge` and `expires` are set, the last one counts, as in express-session. */
function lifeOf(options: SessionCookieOptions): Pick<CookieDefaults, 'maxAge' | 'expires'> {
  const { maxAge, expires } = options;
  const life = Object.keys(options)
    .filter((key) => key === 'maxAge' || key === 'expires')
    .filter((key) => options[key] != null && options[key] !== false)
    .at(-1);
  if (life === 'maxAge') return { maxAge: duration('cookie.maxAge', maxAge) };
  if (life === undefined) return {};
  if (!(expires instanceof Date) || !Number.isFinite(expires.getTime()))
    refuse('cookie.expires', expires, 'a valid Date');
  return { expires };
}

/**
 * Refuses names that browsers do not accept, and settings that contradict the prefix of the name (RFC 6265bis, section 4.1.3;
 * browsers have added `__Http-` and `__Host-Http-`).
 */
function checkName(name: string, settings: CookieDefaults): void {
  const { secure, path, domain, httpOnly } = settings;
  if (/^__Host-/i.test(name) && (secure !== true || path !== '/' || domain !== undefined)) {
    refuse(
      'name',
      name,
      'a name without "__Host-", or cookie settings with secure: true, path "/" and no domain',
    );
  }
  if (/^__Secure-/i.test(name) && secure !== true) {
    refuse('name', name, 'a name without "__Secure-", or cookie settings with secure: true');
  }
  if (/^__(Host-)?Http-/i.test(name) && (secure !== true || httpOnly === false)) {
    refuse('name', name, 'a name without "Http-", or cookie settings with secure: true and httpOnly: true');
  }
  try {
    setCookieHeader(name, 'x', finalAttributes(settings, true));
  } catch (error) {
    refuse(
      'name" or "cookie',
      'a value that is not valid in a cookie',
      `values that RFC 6265 allows (${error instanceof Error ? error.message : describe(error)})`,
    );
  }
}
