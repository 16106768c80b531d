import type { SessionData } from '../core/session-data.js';
import type { SessionObject } from '../core/session.js';
import { messages } from '../errors/messages.js';
import { SessionUsageError } from '../errors/session-usage.error.js';
import { exchangeOf } from './request-session.js';

/**
 * The session of a request, loaded if it is not yet.
 *
 * @throws SessionUsageError when the session middleware did not run for the request.
 */
export async function loadSession(request: object): Promise<SessionObject & SessionData> {
  const exchange = exchangeOf(request);
  if (exchange === undefined) throw new SessionUsageError(messages.notApplied);
  return (await exchange.get()) as SessionObject & SessionData;
}
