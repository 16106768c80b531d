import type { ServerResponse } from 'node:http';

/** Directives that let a shared cache store a response, or forbid it (RFC 9111, sections 3 and 5.2.2). */
const ALLOWS = /\b(?:public|s-maxage|immutable|max-age)\b/i;
const FORBIDS = /\b(?:private|no-store)\b/i;

/** Directives that let a shared cache answer other requests with a response. */
const SHARES = /\b(?:public|immutable)\b|\b(?:s-maxage|max-age)="?0*[1-9]/i;

/**
 * Whether a response has a lifetime in shared caches. Renewals then wait for another response. `max-age=0` and an `Expires` in
 * the past are no lifetime: dynamic pages often send them to prevent caching.
 */
export function isForSharedCaches(res: ServerResponse, now: number): boolean {
  const control = String(res.getHeader('cache-control') ?? '');
  if (FORBIDS.test(control)) return false;
  const expires = res.getHeader('expires');
  if (SHARES.test(control) || (expires !== undefined && Date.parse(String(expires)) > now)) return true;
  return cdnHeadersOf(res).length > 0;
}

/** Whether a shared cache may store a response with its present headers, if only to ask whether it is still current. */
function maySharedCacheStore(res: ServerResponse): boolean {
  const control = String(res.getHeader('cache-control') ?? '');
  if (FORBIDS.test(control)) return false;
  return ALLOWS.test(control) || res.hasHeader('expires') || cdnHeadersOf(res).length > 0;
}

/** Prevents shared caches from storing a response that sets the cookie (OWASP ASVS 5.0, 14.3.2). */
export function keepFromCaches(res: ServerResponse): void {
  if (maySharedCacheStore(res)) {
    res.setHeader('Cache-Control', 'private, no-store');
    for (const name of cdnHeadersOf(res)) res.removeHeader(name);
  } else if (!res.hasHeader('cache-control')) res.setHeader('Cache-Control', 'no-store');
}

function cdnHeadersOf(res: ServerResponse): string[] {
  return res.getHeaderNames().filter(isCdnHeader);
}

/** Whether a header is for the caches of content delivery networks, which then ignore `Cache-Control`. */
function isCdnHeader(name: string): boolean {
  return name === 'surrogate-control' || name === 'cdn-cache-control' || name.endsWith('-cdn-cache-control');
}
