import { parse, serialize, type SerializeOptions } from 'cookie';
import type { CookieAttributes } from '../core/record/session-cookie.js';

/** RFC 6265bis, section 5.6: browsers ignore cookies whose name and value are longer. */
export const MAX_COOKIE_BYTES = 4096;

/** All values that a `Cookie` header has for a name, in order; a browser may send several (RFC 6265bis, section 5.7). */
export function cookieValues(header: string | undefined, name: string): string[] {
  if (!header?.includes(name)) return [];
  const values: string[] = [];
  for (const pair of header.split(';')) {
    if (!pair.trimStart().startsWith(name)) continue;
    const value = parse(pair)[name];
    if (value !== undefined) values.push(unquoted(value));
  }
  return values;
}

/** Older clients and proxies put quotes around a value (RFC 6265, section 4.1.1). */
function unquoted(value: string): string {
  return value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
}

/** Cookie attributes with everything that depended on the connection decided. */
export type FinalAttributes = Omit<CookieAttributes, 'secure' | 'sameSite'> & {
  secure?: boolean;
  sameSite?: boolean | 'lax' | 'strict' | 'none';
  expires?: Date;
  /** Milliseconds. */
  maxAge?: number;
};

/** Decides `'auto'`: what the attributes are over a connection that is secure, or not. */
export function finalAttributes(cookie: CookieAttributes, isSecure: boolean): FinalAttributes {
  const { httpOnly, path, domain, partitioned, priority } = cookie;
  const secure = cookie.secure === 'auto' ? isSecure : cookie.secure;
  const sameSite = cookie.sameSite === 'auto' ? (isSecure ? 'none' : 'lax') : cookie.sameSite;
  return defined({ httpOnly, path, domain, partitioned, priority, secure, sameSite });
}

/**
 * A `Set-Cookie` header.
 *
 * @throws TypeError when name, path or domain hold what no cookie may (CVE-2024-47764).
 */
export function setCookieHeader(name: string, value: string, attributes: FinalAttributes): string {
  const { maxAge, ...rest } = attributes;
  const seconds = maxAge == null ? undefined : Math.max(0, Math.floor(maxAge / 1000));
  return serialize(name, value, defined<SerializeOptions>({ ...rest, maxAge: seconds }));
}

function defined<T extends object>(values: { [K in keyof T]: T[K] | null | undefined }): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value != null)) as T;
}
