import type { ServerResponse } from 'node:http';
import { exchangeOfRaw, type SessionRequest } from './request-session.js';
import type { ExchangeContext, Next } from './exchange.js';
import { HttpExchange } from './http-exchange.js';

/** A plain middleware, for Express, Connect and whatever speaks like them. */
export type SessionMiddleware = (req: SessionRequest, res: ServerResponse, next: Next) => void;

/** A middleware of Express for what comes before it has failed. */
export type ErrorMiddleware = (error: unknown, req: SessionRequest, res: ServerResponse, next: Next) => void;

/** The middleware that gives requests their session. Running it twice in a request is harmless; of several, the first counts. */
export function createSessionMiddleware(context: ExchangeContext): SessionMiddleware {
  const eager = context.http.load === 'eager';
  return function session(req, res, next) {
    const exchange = exchangeOfRaw(req) ?? new HttpExchange(context, req, res, next);
    if (exchange.context !== context) exchange.share(context);
    const loading = eager ? exchange.load() : undefined;
    if (loading === undefined) return next();
    loading.then(() => next(), next);
  };
}

/** Two middlewares as one. Without the first it is the second, so that what is off costs nothing. */
export function inTurn(first: SessionMiddleware | undefined, second: SessionMiddleware): SessionMiddleware {
  if (first === undefined) return second;
  return (req, res, next) =>
    first(req, res, (error) => (error === undefined ? second(req, res, next) : next(error)));
}

/**
 * Gives a request its session where something before the middleware has failed, such as the body parser: filters of errors
 * then see it, too. The error stays the one in hand, whether the session can be loaded or not.
 */
export function sessionAfterError(session: SessionMiddleware): ErrorMiddleware {
  return (error, req, res, next) => {
    let goesOn = false;
    session(req, res, (failure) => {
      next(goesOn ? failure : error);
      goesOn = true;
    });
  };
}
