import type { CookieDefaults } from '../core/record/session-cookie.js';
import { messages } from '../errors/messages.js';
import type { ResolvedCookie } from './cookie-options.js';
import { type Duration, duration, oneOf, refuse } from './option-checks.js';

/** Options for binding sessions to the user's device (Device Bound Session Credentials). */
export interface SessionDeviceBoundOptions {
  /**
   * How long a proof of the device is valid, at least one second. A thief who has both cookies can use them for at most
   * this time. Browsers send a new proof a little earlier. They sign at most six times in nine minutes, so less than
   * four minutes causes a warning.
   *
   * @defaultValue 10 minutes
   */
  lifetime?: Duration;
  /**
   * The path of the two endpoints, `<path>/register` and `<path>/refresh`, as browsers see it. It must be below the
   * path of the session cookie.
   *
   * @defaultValue `/.session` below the path of the session cookie
   */
  path?: string;
  /**
   * How sessions without a binding are treated: `'when-possible'` accepts them, `'always'` refuses them
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
  /** The name of the cookie that the browser gets for a proof. */
  readonly cookieName: string;
  readonly cookiePath: string;
  readonly sameSite: 'lax' | 'strict';
}

const KNOWN = ['lifetime', 'path', 'require'];
const MINUTE = 60_000;

/** A browser renews a proof two minutes before it expires, and may sign every 90 seconds. */
const SHORT_LIFETIME = 4 * MINUTE;

/** Checks the option `deviceBound`, together with the options of the session cookie. @internal */
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

/** The attributes of the session cookie. @throws SessionOptionsError if sessions with this cookie cannot be bound */
function boundSettings({ fixed }: ResolvedCookie): CookieDefaults {
  if (fixed === undefined)
    return refuse(
      'cookie',
      'a function',
      'an object while "deviceBound" is set, because the settings must be the same for all requests',
    );
  const { secure, sameSite, partitioned, domain } = fixed;
  const whileBound = (what: string): string => `${what} while "deviceBound" is set`;
  if (secure === false)
    refuse('cookie.secure', false, whileBound('true or "auto"') + '; browsers bind sessions only over HTTPS');
  if (sameSite === 'none' || sameSite === 'auto')
    refuse(
      'cookie.sameSite',
      sameSite,
      whileBound('"lax" or "strict"') + '; bound sessions were not tried across sites',
    );
  if (partitioned === true)
    refuse(
      'cookie.partitioned',
      true,
      whileBound('false') + '; bound sessions were not tested with partitioned cookies',
    );
  if (domain !== undefined)
    refuse(
      'cookie.domain',
      domain,
      whileBound('none') + '; a browser sends its proof to one origin, not to its subdomains',
    );
  return fixed;
}

/** Printable ASCII without characters that have a meaning in a URL, a cookie or a header. */
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

/** A name with a prefix that makes browsers enforce that the cookie is secure, and if possible of this host. */
function boundName(name: string, cookiePath: string): string {
  const plain = name.replace(/^__(?:Host-Http-|Host-|Http-|Secure-)/i, '');
  return `${cookiePath === '/' ? '__Host-' : '__Secure-'}${plain}-device`;
}
