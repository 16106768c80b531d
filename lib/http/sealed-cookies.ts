import { CookieParts } from '../cookie/cookie-parts.js';
import type { CookieSealingStore } from '../core/store/session-store.js';
import type { HttpSettings, ResolvedOptions } from '../options/resolved-options.js';

/** The HTTP settings of an application that keeps sessions in their cookies. */
export function sealedCookies({ http, secrets }: ResolvedOptions, store: CookieSealingStore): HttpSettings {
  const { cookieName } = http;
  const parts = new CookieParts(cookieName, store.maxCookies);
  const codec = store.codecFor({ cookieName, secrets, maxLength: parts.maxLength });
  return {
    ...http,
    codecFor: () => codec,
    tokensOf: ({ headers }) => parts.join(headers.cookie),
    parts,
  };
}
