const HERE = 'http://here.invalid';

/**
 * A path of this application that a visitor wanted to go to, or `/`. Whatever would lead elsewhere is refused, the way
 * browsers read it: `//elsewhere`, `/\elsewhere`, `/.//elsewhere`.
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
