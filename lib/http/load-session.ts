import type { SessionData } from '../core/session-data.js';
import type { SessionObject } from '../core/session.js';
import type { Answer } from '../core/store/shared-store.js';
import { messages } from '../errors/messages.js';
import { SessionUsageError } from '../errors/session-usage.error.js';
import { exchangeOf } from './request-session.js';
import type { Exchange, ExchangeContext } from './exchange.js';

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
  const exchange = requireExchange(request);
  if (context !== undefined && exchange.context !== context)
    throw new SessionUsageError(messages.otherModule(exchange.context.http.cookieName));
  return (await exchange.get()) as SessionObject & SessionData;
}

/** The session for a reader that gives the application no object out of the data. No promise, if it is loaded already. */
export function peekSession(request: object): Answer<SessionObject & SessionData> {
  return requireExchange(request).peek() as Answer<SessionObject & SessionData>;
}

function requireExchange(request: object): Exchange {
  const exchange = exchangeOf(request);
  if (exchange === undefined) throw new SessionUsageError(messages.notApplied);
  return exchange;
}
