import { resolveOptions } from '../../../lib/options/resolve-options.js';
import type { ResolvedOptions } from '../../../lib/options/resolved-options.js';
import { SessionOptionsError } from '../../../lib/errors/session-options.error.js';

export const SECRET = 'a secret of more than thirty-two bytes';

/** The options as an application gives them, right or wrong, beside a secret that is right. */
export function resolve(options: object = {}): ResolvedOptions {
  return resolveOptions({ secret: SECRET, ...options });
}

/** The message that options are refused with. */
export function refusal(options: unknown): string {
  try {
    resolveOptions(options as never);
  } catch (error) {
    if (error instanceof SessionOptionsError) return error.message;
    throw error;
  }
  throw new Error(`Nothing was refused.`);
}

/** As {@link refusal}, beside a secret that is right. */
export function refusalOf(options: object): string {
  return refusal({ secret: SECRET, ...options });
}
