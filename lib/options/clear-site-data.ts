import { refuse } from './option-checks.js';

/** The types that a browser can clear (W3C Clear Site Data, section 3.1, and additions of browsers). */
export type ClearSiteDataDirective =
  | '*'
  | 'cache'
  | 'clientHints'
  | 'cookies'
  | 'executionContexts'
  | 'prefetchCache'
  | 'prerenderCache'
  | 'storage';

const DIRECTIVES: Record<ClearSiteDataDirective, true> = {
  '*': true,
  cache: true,
  clientHints: true,
  cookies: true,
  executionContexts: true,
  prefetchCache: true,
  prerenderCache: true,
  storage: true,
};

const NAMES = Object.keys(DIRECTIVES)
  .map((name) => `"${name}"`)
  .join(', ');

/** Checks the option `clearSiteData`: the value of the header, or undefined for none. */
export function resolveClearSiteData(
  given: boolean | readonly ClearSiteDataDirective[] | undefined,
): string | undefined {
  if (given === undefined || given === false) return undefined;
  const directives = given === true ? (['cache', 'storage'] as const) : given;
  if (!Array.isArray(directives) || directives.length === 0)
    refuse('clearSiteData', given, `true, false, or an array of one or more of ${NAMES}`);
  directives.forEach((name: string, index) => {
    if (!Object.hasOwn(DIRECTIVES, name)) refuse(`clearSiteData[${index}]`, name, `one of ${NAMES}`);
  });
  if (directives.includes('*') && directives.length > 1)
    refuse('clearSiteData', given, '"*" without other values, because it includes them');
  return directives.map((name) => `"${name}"`).join(', ');
}
