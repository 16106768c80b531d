import type { IncomingMessage } from 'node:http';

/** The path of a request, including its mount point. */
export function pathOf(req: IncomingMessage & { readonly originalUrl?: string }): string {
  const url = req.originalUrl ?? req.url ?? '';
  const path = url.replace(/[?#].*$/s, '');
  if (path === '') return '/';
  return !path.startsWith('/') && URL.canParse(path) ? new URL(path).pathname : path;
}

/** Whether browsers send a cookie with this path to another (RFC 6265bis, section 5.1.4): `/admin` is not `/administrator`. */
export function coversPath(cookiePath: string, path: string): boolean {
  if (!path.startsWith(cookiePath)) return false;
  return path.length === cookiePath.length || cookiePath.endsWith('/') || path[cookiePath.length] === '/';
}
