const HERE = 'http://here.invalid';

/**
 * The path of this application that a visitor wanted to go to, or `/`. It refuses everything that browsers take for another
 * site: `//elsewhere`, `/\elsewhere`, `/.//elsewhere`.
 */
export function localPath(wanted: unknown): string {
  if (typeof wanted !== 'string' || !wanted.startsWith('/') || !URL.canParse(wanted, HERE)) return '/';
  const { origin, pathname, search } = new URL(wanted, HERE);
  return origin === HERE && !pathname.startsWith('//') ? pathname + search : '/';
}

/** The address of a form that leads to `next` afterwards. */
export function withNext(path: string, next: string): string {
  if (next === '/') return path;
  return `${path}${path.includes('?') ? '&' : '?'}${new URLSearchParams({ next }).toString()}`;
}
