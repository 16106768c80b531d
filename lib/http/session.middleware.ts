import type { ServerResponse } from 'node:http';
import { exchangeOfRaw, type SessionRequest } from './request-session.js';
import type { ExchangeContext, Next } from './exchange.js';
import { SessionExchange } from './session-exchange.js';

/** A plain middleware, for Express, Connect and whatever speaks like them. */
export type SessionMiddleware = (req: SessionRequest, res: ServerResponse, next: Next) => void;

/** The middleware that gives requests their session. Running it twice in a request is harmless; of several, the first counts. */
export function createSessionMiddleware(context: ExchangeContext): SessionMiddleware {
  const eager = context.http.load === 'eager';
  return function session(req, res, next) {
    const exchange = exchangeOfRaw(req) ?? new SessionExchange(context, req, res, next);
    if (exchange.context !== context) exchange.share(context);
    const loading = eager ? exchange.load() : undefined;
    if (loading === undefined) return next();
    loading.then(() => next(), next);
  };
}
