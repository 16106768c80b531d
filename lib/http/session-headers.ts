import type { IncomingMessage, ServerResponse } from 'node:http';
import { type FinalAttributes, MAX_COOKIE_BYTES, setCookieHeader } from '../cookie/cookie-header.js';
import { messages } from '../errors/messages.js';
import { SessionDataError } from '../errors/session-data.error.js';
import type { HttpSettings } from '../options/resolved-options.js';

/** What has a browser drop a cookie. */
const EXPIRED = { expires: new Date(0), maxAge: 0 };

/**
 * The `Set-Cookie` headers of a token: one, or those that it takes, and of those that the request brought what it takes no
 * more. What is empty is expired.
 *
 * @throws SessionDataError when a cookie is larger than browsers keep.
 */
export function cookieLines(
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

/** Adds a line. appendHeader() would push into the very array that was set, which the application may use for every response. */
export function addHeader(res: ServerResponse, name: string, line: string): void {
  const lines = res.getHeader(name);
  res.setHeader(name, lines === undefined ? line : [lines, line].flat().map(String));
}

/** The response depended on the session, so no cache may give it to somebody with another cookie. */
export function varyOnCookie(res: ServerResponse): void {
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
