import type { SessionData } from '../core/session-data.js';
import type { SessionObject } from '../core/session.js';
import type { Answer } from '../core/store/shared-store.js';
import { messages } from '../errors/messages.js';
import { SessionUsageError } from '../errors/session-usage.error.js';
import { exchangeOf } from './request-session.js';
import type { ExchangeContext } from './exchange.js';

/**
 * The session of a request, loaded if necessary.
 *
 * @param context - The `SessionModule` it must belong to. @defaultValue any
 * @throws SessionUsageError if the session middleware did not run for the request.
 */
export async function loadSession(
  request: object,
  context?: ExchangeContext,
): Promise<SessionObject & SessionData> {
  return sessionOf(request, context);
}

/** The same as {@link loadSession}, without a promise if the session is loaded already. */
export function sessionOf(request: object, context?: ExchangeContext): Answer<SessionObject & SessionData> {
  const exchange = exchangeOf(request);
  if (exchange === undefined) throw new SessionUsageError(messages.notApplied);
  if (context !== undefined && exchange.context !== context)
    throw new SessionUsageError(messages.otherModule(exchange.context.http.cookieName));
  return exchange.get() as Answer<SessionObject & SessionData>;
}
