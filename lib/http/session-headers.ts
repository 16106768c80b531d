import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type FinalAttributes,
  finalAttributes,
  hasCookie,
  MAX_COOKIE_BYTES,
  setCookieHeader,
} from '../cookie/cookie-header.js';
import type { Commit } from '../core/engine/session-engine.js';
import { cookieLifeOf } from '../core/request/session-life.js';
import type { SessionState } from '../core/request/session-state.js';
import { messages } from '../errors/messages.js';
import { SessionDataError } from '../errors/session-data.error.js';
import type { HttpSettings } from '../options/resolved-options.js';
import { isSecure } from './connection.js';
import { keepFromCaches } from './shared-caches.js';

/** The headers about the session. */
export interface SessionHeaders {
  readonly setCookie: readonly string[];
  readonly clearSiteData: string | undefined;
  /** The value of `Secure-Session-Registration`. */
  readonly registration?: string | undefined;
}

/** Attributes that make a browser drop a cookie. */
const EXPIRED = { expires: new Date(0), maxAge: 0 };

/**
 * The headers for the outcome of a commit, or undefined if there are none.
 *
 * @throws SessionDataError if a cookie is larger than browsers accept.
 */
export function headersFor(
  commit: Commit,
  state: SessionState,
  request: IncomingMessage,
  http: HttpSettings,
): SessionHeaders | undefined {
  if (commit.cookie === 'none') return undefined;
  const isClear = commit.cookie === 'clear';
  if (isClear && !(http.profile.expiresCookies && hasCookie(request.headers.cookie, http.cookieName)))
    return undefined;
  const attributes = finalAttributes(state.cookie, isSecure(request, http.proxy));
  if (isClear)
    return { setCookie: cookieLines(http, '', attributes, request), clearSiteData: http.clearSiteData };
  const life = cookieLifeOf(state);
  const limited = { ...attributes, ...(life && http.profile.lifeAttributes(life)) };
  return { setCookie: cookieLines(http, commit.token, limited, request), clearSiteData: undefined };
}

/** Sets the headers of the response. `dependsOnSession`: whether the application has read the session. */
export function sendHeaders(
  res: ServerResponse,
  headers: SessionHeaders | undefined,
  dependsOnSession: boolean,
): void {
  if (headers !== undefined) {
    const { setCookie, clearSiteData, registration } = headers;
    for (const line of setCookie) addHeader(res, 'Set-Cookie', line);
    if (registration !== undefined) addHeader(res, 'Secure-Session-Registration', registration);
    keepFromCaches(res);
    if (clearSiteData !== undefined && !res.hasHeader('Clear-Site-Data'))
      res.setHeader('Clear-Site-Data', clearSiteData);
  }
  if (dependsOnSession || headers !== undefined) varyOnCookie(res);
}

/**
 * The `Set-Cookie` headers of a token: one, or one for each part. Empty cookies, and parts of the request that are no longer
 * needed, are expired.
 *
 * @throws SessionDataError if a cookie is larger than browsers accept.
 */
function cookieLines(
  { cookieName, parts }: HttpSettings,
  token: string,
  attributes: FinalAttributes,
  { headers }: IncomingMessage,
): string[] {
  const cookies = parts?.split(token, headers.cookie) ?? [[cookieName, token] as const];
  return cookies.map(([name, value]) => {
    const bytes = Buffer.byteLength(name) + Buffer.byteLength(encodeURIComponent(value));
    if (bytes > MAX_COOKIE_BYTES) throw new SessionDataError(messages.cookieTooLarge(bytes));
    return setCookieHeader(name, value, value === '' ? { ...attributes, ...EXPIRED } : attributes);
  });
}

/** Adds a header line. appendHeader() would change the array that was set, which the application may use for every response. */
function addHeader(res: ServerResponse, name: string, line: string): void {
  const lines = res.getHeader(name);
  res.setHeader(name, lines === undefined ? line : [lines, line].flat().map(String));
}

/** Tells caches that the response depends on the cookie. */
function varyOnCookie(res: ServerResponse): void {
  const vary = res.getHeader('Vary');
  if (vary === undefined) {
    res.setHeader('Vary', 'Cookie');
    return;
  }
  const fields = (Array.isArray(vary) ? vary.join(',') : String(vary))
    .split(',')
    .map((field) => field.trim().toLowerCase());
  if (!fields.includes('*') && !fields.includes('cookie')) addHeader(res, 'Vary', 'Cookie');
}
