import { refuse } from './option-checks.js';

/** Options of `CsrfGuard`. */
export interface SessionCsrfOptions {
  /**
   * Other origins whose pages may send requests that `CsrfGuard` checks: scheme, host and port, such as
   * `https://admin.example.com`. Browsers send no `sameSite: 'lax'` cookie with a form of another site, so this is
   * useful for sign-in forms, for subdomains, and for cookies with `sameSite: 'none'`.
   *
   * @defaultValue none
   */
  trustedOrigins?: readonly string[];
}

const ACCEPTED =
  'an origin as browsers send it: scheme, host and port ("https://admin.example.com"), with no path, no slash at the end and no wildcard';

/** Checks the option `csrf`: the origins to trust, as browsers write them. @internal */
export function resolveTrustedOrigins(csrf: SessionCsrfOptions = {}): ReadonlySet<string> {
  if (typeof csrf !== 'object' || csrf === null || Array.isArray(csrf))
    refuse('csrf', csrf, 'an object with "trustedOrigins"');
  const { trustedOrigins = [], ...unknown } = csrf;
  const [name] = Object.keys(unknown);
  if (name !== undefined) refuse(`csrf.${name}`, 'this name', 'the name trustedOrigins');
  if (!Array.isArray(trustedOrigins))
    refuse('csrf.trustedOrigins', trustedOrigins, 'an array of origins such as "https://admin.example.com"');
  return new Set(
    trustedOrigins.map((origin: unknown, index) => checkedOrigin(`csrf.trustedOrigins[${index}]`, origin)),
  );
}

/** An origin in lower case, without the default port. The origin `null` is refused, because any page can have it. */
function checkedOrigin(name: string, given: unknown): string {
  if (
    typeof given !== 'string' ||
    !/^[a-z][a-z0-9+.-]*:\/\/[^/?#\\@*\s]+$/i.test(given) ||
    !URL.canParse(given)
  )
    return refuse(name, given, ACCEPTED);
  const { protocol, host } = new URL(given);
  return `${protocol}//${host}`;
}
