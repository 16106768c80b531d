import { refuse } from './option-checks.js';
import type { SessionCsrfOptions } from './session-options.interface.js';

const ACCEPTED =
  'an origin as browsers send it: scheme, host and port ("https://admin.example.com"), with no path, no slash at the end and no wildcard';

/** Checks the option `csrf`: the origins to trust, as browsers write them. */
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

/** An origin in lower case and without the scheme's own port. `null`, which any page can be made to have, is none. */
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
