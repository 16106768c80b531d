import { serialize, type SerializeOptions } from 'cookie';
import type { CookieAttributes } from '../core/record/session-cookie.js';

/** RFC 6265bis, section 5.6: browsers ignore cookies whose name and value are longer. */
export const MAX_COOKIE_BYTES = 4096;

/** The most cookies of one name that are read. A browser sends only a few. */
const MOST_OF_A_NAME = 8;

/**
 * The values of a name in a `Cookie` header, in order. A browser may send several (RFC 6265bis, section 5.7); the first
 * {@link MOST_OF_A_NAME} are read. Other cookies are neither split nor decoded, so a header with many of them costs
 * only one search.
 */
export function cookieValues(header: string | undefined, name: string): string[] {
  return rawValues(header, name, MOST_OF_A_NAME).map(decoded);
}

/** Whether a `Cookie` header has a cookie of a name. */
export function hasCookie(header: string | undefined, name: string): boolean {
  return rawValues(header, name, 1).length > 0;
}

const SPACE = 0x20;
const TAB = 0x09;
const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const QUOTE = 0x22;

/** The first raw values of a name, at most so many. */
function rawValues(header: string | undefined, name: string, most: number): string[] {
  const values: string[] = [];
  if (!header || !name) return values;
  for (let at = header.indexOf(name); at >= 0; at = header.indexOf(name, at)) {
    const isBegin = beginsPair(header, at);
    at = pastSpace(header, at + name.length);
    if (!isBegin || header.charCodeAt(at) !== EQUALS) continue;
    const semicolon = header.indexOf(';', at);
    const end = semicolon < 0 ? header.length : semicolon;
    if (values.push(trimmed(header, at + 1, end)) === most) break;
    at = end;
  }
  return values;
}

/** Whether a cookie begins at an index of the header: only spaces separate it from the cookie before. */
function beginsPair(header: string, at: number): boolean {
  let before = at - 1;
  while (isSpace(header.charCodeAt(before))) before--;
  return before < 0 || header.charCodeAt(before) === SEMICOLON;
}

function trimmed(header: string, from: number, to: number): string {
  const begin = pastSpace(header, from);
  let end = to;
  while (end > begin && isSpace(header.charCodeAt(end - 1))) end--;
  return header.slice(begin, end);
}

function pastSpace(header: string, from: number): number {
  let at = from;
  while (isSpace(header.charCodeAt(at))) at++;
  return at;
}

function isSpace(code: number): boolean {
  return code === SPACE || code === TAB;
}

/** A value without the quotes of older clients and proxies, decoded if possible. */
function decoded(raw: string): string {
  const last = raw.length - 1;
  const isQuoted = last > 0 && raw.charCodeAt(0) === QUOTE && raw.charCodeAt(last) === QUOTE;
  const value = isQuoted ? raw.slice(1, last) : raw;
  if (!value.includes('%')) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/** Cookie attributes for one connection. */
export type FinalAttributes = Omit<CookieAttributes, 'secure' | 'sameSite'> & {
  secure?: boolean;
  sameSite?: boolean | 'lax' | 'strict' | 'none';
  expires?: Date;
  /** Milliseconds. */
  maxAge?: number;
};

/** Resolves `'auto'` for a secure or plain connection. */
export function finalAttributes(cookie: CookieAttributes, isSecure: boolean): FinalAttributes {
  const { httpOnly, path, domain, partitioned, priority } = cookie;
  const secure = cookie.secure === 'auto' ? isSecure : cookie.secure;
  const sameSite = cookie.sameSite === 'auto' ? (isSecure ? 'none' : 'lax') : cookie.sameSite;
  return defined({ httpOnly, path, domain, partitioned, priority, secure, sameSite });
}

/**
 * A `Set-Cookie` header.
 *
 * @throws TypeError if name, path or domain contain invalid characters (CVE-2024-47764).
 */
export function setCookieHeader(name: string, value: string, attributes: FinalAttributes): string {
  const { maxAge, ...rest } = attributes;
  const seconds = maxAge == null ? undefined : Math.max(0, Math.floor(maxAge / 1000));
  return serialize(name, value, defined<SerializeOptions>({ ...rest, maxAge: seconds }));
}

function defined<T extends object>(values: { [K in keyof T]: T[K] | null | undefined }): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value != null)) as T;
}
