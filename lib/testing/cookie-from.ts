import { parseCookie, parseSetCookie, type SetCookie } from 'cookie';
import { describe } from '../errors/describe.js';
import { messages } from '../errors/messages.js';
import { SessionUsageError } from '../errors/session-usage.error.js';

/** A response of supertest, `fetch` or Fastify's `inject`, or any object with the same kind of headers. */
export interface ResponseWithHeaders {
  readonly headers: object;
}

/**
 * A value that contains a session cookie: a `Cookie` header, a `Set-Cookie` header, an array of `Set-Cookie`
 * headers, or a response.
 */
export type CookieSource = string | readonly string[] | ResponseWithHeaders;

/** Values are not decoded. */
const RAW = { decode: (text: string) => text };

/**
 * The `Cookie` header that a browser would send with its next request to the same site. Cookies that the response
 * expires are left out. `Path`, `Domain` and `Secure` are ignored.
 *
 * @param response - A response of supertest, of `fetch`, or of Fastify's `inject`.
 * @param before - The `Cookie` header of the request. Its cookies are kept unless the response changes them.
 * @returns The header; an empty string if there are no cookies.
 * @throws SessionUsageError if `response` is not a response.
 * @example
 * ```ts
 * const added = await request(app.getHttpServer()).post('/cart').send({ sku: 'ink' });
 * await request(app.getHttpServer()).get('/cart').set('Cookie', cookieFrom(added)).expect(200);
 * ```
 */
export function cookieFrom(response: ResponseWithHeaders, before = ''): string {
  return cookieAfter(before, setCookiesOf('cookieFrom', response));
}

/** The `Cookie` header of a source. @throws SessionUsageError naming `caller` if the source has no headers. */
export function cookieIn(caller: string, source: CookieSource): string {
  // The attributes of a Set-Cookie header are read as cookies with other names.
  if (typeof source === 'string') return source;
  return cookieAfter('', isList(source) ? source : setCookiesOf(caller, source));
}

function isList(source: object): source is readonly string[] {
  return Array.isArray(source);
}

function setCookiesOf(caller: string, response: ResponseWithHeaders): readonly string[] {
  const { headers } = (response ?? {}) as { headers?: unknown };
  if (typeof headers !== 'object' || headers === null)
    throw new SessionUsageError(messages.noResponse(caller, describe(response)));
  const { getSetCookie } = headers as Partial<Headers>;
  if (getSetCookie !== undefined) return getSetCookie.call(headers);
  const { 'set-cookie': lines } = headers as { readonly 'set-cookie'?: string | readonly string[] };
  return lines === undefined ? [] : [lines].flat();
}

function cookieAfter(before: string, setCookies: readonly string[]): string {
  const jar = parseCookie(before, RAW);
  for (const line of setCookies) {
    const cookie = parseSetCookie(line, RAW);
    if (isExpired(cookie)) Reflect.deleteProperty(jar, cookie.name);
    else jar[cookie.name] = cookie.value;
  }
  return Object.entries(jar)
    .map(([name, value]) => `${name}=${value}`)
    .join('; ');
}

/** As in browsers, `Max-Age` takes precedence over `Expires` (RFC 6265bis, section 5.7). */
function isExpired({ maxAge, expires }: SetCookie): boolean {
  return maxAge === undefined ? expires !== undefined && expires.getTime() <= Date.now() : maxAge <= 0;
}
