import { expect } from '@jest/globals';
import { inspect } from 'node:util';
import { type Confidential, type MessageRule, safeError } from '../../../../lib/core/store/safe-error.js';
import { SessionStoreError } from '../../../../lib/errors/session-store.error.js';

/** No data of a session is known. */
export const NOTHING: Confidential = { names: [], texts: [] };

/** The safe copy of an error. Fails if anything that somebody may print of it contains `SECRET`. */
export function shownError(error: unknown, about = NOTHING, messageOf?: MessageRule): Error {
  const safe = safeError(error, about, messageOf);
  const wrapped = new SessionStoreError('failed', { cause: safe });
  const everything = [
    inspect(wrapped, { depth: 20, showHidden: true, getters: true }),
    inspect(safe, { depth: 20, showHidden: true, getters: true }),
    JSON.stringify(safe),
    String(safe),
    (safe as Error | undefined)?.stack,
  ];
  expect(everything.join('\n')).not.toContain('SECRET');
  return safe as Error;
}
