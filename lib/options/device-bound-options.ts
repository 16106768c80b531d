import type { CookieDefaults } from '../core/record/session-cookie.js';
import { messages } from '../errors/messages.js';
import type { ResolvedCookie } from './cookie-options.js';
import { type Duration, duration, oneOf, refuse } from './option-checks.js';

/** How sessions are bound to the device that their users sign in with (Device Bound Session Credentials). */
export interface SessionDeviceBoundOptions {
  /**
   * How long a proof of the device is good for, at least one second: for so long a thief can use a session with both of its
   * cookies. Browsers prove themselves anew a little earlier. They sign at most six times in nine minutes, so less than four
   * minutes is warned of.
   *
   * @defaultValue 10 minutes
   */
  lifetime?: Duration;
  /**
   * The path under which the module answers browsers, at `<path>/register` and `<path>/refresh`: as browsers see it, and under
   * the path of the session cookie.
   *
   * @defaultValue `/.session` under the path of the session cookie
   */
  path?: string;
  /**
   * What becomes of sessions that no browser binds: `'when-possible'` leaves them as they are, `'always'` refuses them
   * (`DEVICE_UNBOUND`) from one minute after the sign-in.
   *
   * @defaultValue `'when-possible'`
   */
  require?: 'when-possible' | 'always';
}

/** The option `deviceBound` after it was checked. @internal */
export interface ResolvedDeviceBound {
  /** Milliseconds. */
  readonly lifetime: number;
  readonly path: string;
  readonly require: 'when-possible' | 'always';
  /** The name of the cookie that a proof is answered with. */
  readonly cookieName: string;
  readonly cookiePath: string;
  readonly sameSite: 'lax' | 'strict';
}

const KNOWN = ['lifetime', 'path', 'require'];
const MINUTE = 60_000;

/** A browser renews a proof two minutes ahead, and may sign every 90 seconds. */
const SHORT_LIFETIME = 4 * MINUTE;

/** Checks the option `deviceBound`, together with the cookie that it is about. @internal */
export function resolveDeviceBound(
  given: boolean | SessionDeviceBoundOptions | undefined,
  cookie: ResolvedCookie,
  warnings: string[],
): ResolvedDeviceBound | undefined {
  if (given === undefined || given === false) return undefined;
  if (given !== true && (typeof given !== 'object' || given === null || Array.isArray(given)))
    refuse('deviceBound', given, 'true, false, or an object with "lifetime", "path" and "require"');
  const options: SessionDeviceBoundOptions = given === true ? {} : given;
  const unknown = Object.keys(options).find((name) => !KNOWN.includes(name));
  if (unknown !== undefined) refuse(`deviceBound.${unknown}`, 'this name', `the names ${KNOWN.join(', ')}`);
  const settings = boundSettings(cookie);
  const { lifetime: life = 10 * MINUTE } = options;
  const lifetime = duration('deviceBound.lifetime', life);
  if (lifetime < 1_000) refuse('deviceBound.lifetime', lifetime, 'one second or more');
  if (lifetime < SHORT_LIFETIME) warnings.push(messages.deviceLifetimeShort(lifetime, SHORT_LIFETIME));
  const cookiePath = settings.path ?? '/';
  return {
    lifetime,
    path: pathUnder(cookiePath, options.path),
    require: oneOf('deviceBound.require', options.require, ['when-possible', 'always'], 'when-possible'),
    cookieName: boundName(cookie.name, cookiePath),
    cookiePath,
    sameSite: settings.sameSite === 'strict' || settings.sameSite === true ? 'strict' : 'lax',
  };
}

/** The settings of the session cookie, if a session under it can be bound. */
function boundSettings({ fixed }: ResolvedCookie): CookieDefaults {
  if (fixed === undefined)
    return refuse(
      'cookie',
      'a function',
      'an object while "deviceBound" is set: what it says has to hold for all requests',
    );
  const { secure, sameSite, partitioned, domain } = fixed;
  const whileBound = (what: string): string => `${what} while "deviceBound" is set`;
  if (secure === false)
    refuse(
      'cookie.secure',
      false,
      whileBound('true or "auto"') + '; browsers bind sessions over HTTPS alone',
    );
  if (sameSite === 'none' || sameSite === 'auto')
    refuse(
      'cookie.sameSite',
      sameSite,
      whileBound('"lax" or "strict"') + '; bound sessions were not tried across sites',
    );
  if (partitioned === true)
    refuse('cookie.partitioned', true, whileBound('false') + '; bound sessions were not tried in partitions');
  if (domain !== undefined)
    refuse(
      'cookie.domain',
      domain,
      whileBound('none') + '; a browser proves itself to one origin, not to its subdomains',
    );
  return fixed;
}

/** Printable ASCII without what a URL, a cookie or a header would take for an end. */
const PATH = /^\/[!$&'()*+\-./0-9:=@A-Z_a-z~]*$/;

function pathUnder(cookiePath: string, given: string | undefined): string {
  const root = cookiePath.endsWith('/') ? cookiePath : `${cookiePath}/`;
  if (given === undefined) return `${root}.session`;
  const isPath =
    typeof given === 'string' && PATH.test(given) && !given.endsWith('/') && !given.includes('//');
  if (!isPath || !given.startsWith(root))
    refuse('deviceBound.path', given, `a path under that of the session cookie, such as "${root}.session"`);
  return given;
}

/** A name whose prefix holds the cookie to what it is: secure, and of this host. */
function boundName(name: string, cookiePath: string): string {
  const plain = name.replace(/^__(?:Host-Http-|Host-|Http-|Secure-)/i, '');
  return `${cookiePath === '/' ? '__Host-' : '__Secure-'}${plain}-device`;
}
