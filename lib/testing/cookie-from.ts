import { parseCookie, parseSetCookie, type SetCookie } from 'cookie';
import { describe, messages } from '../errors/messages.js';
import { SessionUsageError } from '../errors/session-usage.error.js';

/** A response of supertest, of `fetch`, of Fastify's `inject`, or of whatever has headers as one of these. */
export interface ResponseWithHeaders {
  readonly headers: object;
}

/**
 * Where a session cookie can be found: a `Cookie` header, a `Set-Cookie` header, an array of `Set-Cookie` headers, or a
 * response.
 */
export type CookieSource = string | readonly string[] | ResponseWithHeaders;

/** Values stay as they were written. */
const RAW = { decode: (text: string) => text };

/**
 * The `Cookie` header that a browser would send with its next request to where the response came from. Cookies that the
 * response expires are gone. `Path`, `Domain` and `Secure` are not looked at.
 *
 * @param response - A response of supertest, of `fetch`, or of Fastify's `inject`.
 * @param before - The `Cookie` header that the request was sent with: what the response leaves alone stays.
 * @returns The header; the empty string where there are no cookies.
 * @throws SessionUsageError when `response` is none.
 * @example
 * ```ts
 * const added = await request(app.getHttpServer()).post('/cart').send({ sku: 'ink' });
 * await request(app.getHttpServer()).get('/cart').set('Cookie', cookieFrom(added)).expect(200);
 * ```
 */
export function cookieFrom(response: ResponseWithHeaders, before = ''): string {
  return cookieAfter(before, setCookiesOf('cookieFrom', response));
}

/** The `Cookie` header that a source stands for. @throws SessionUsageError naming `caller` when it is none. */
export function cookieIn(caller: string, source: CookieSource): string {
  // What stands in a Set-Cookie header behind its cookie reads as cookies of other names.
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

/** As browsers see it: `Max-Age` counts before `Expires` (RFC 6265bis, section 5.7). */
function isExpired({ maxAge, expires }: SetCookie): boolean {
  return maxAge === undefined ? expires !== undefined && expires.getTime() <= Date.now() : maxAge <= 0;
}
