import type { ServerResponse } from 'node:http';
import { exchangeOfRaw, type Next, type SessionRequest } from './request-session.js';
import type { ExchangeContext } from './exchange.js';
import type { HttpExchange } from './http-exchange.js';

/** A plain middleware, as in Express and Connect. */
export type SessionMiddleware = (req: SessionRequest, res: ServerResponse, next: Next) => void;

/** An error middleware of Express. @internal */
export type ErrorMiddleware = (error: unknown, req: SessionRequest, res: ServerResponse, next: Next) => void;

/**
 * Makes the middleware that gives requests their session. It may run twice in a request; of several, the first counts.
 *
 * @param Exchange - What a request is made into.
 * @internal
 */
export function createSessionMiddleware(
  context: ExchangeContext,
  Exchange: typeof HttpExchange,
): SessionMiddleware {
  const eager = context.http.load === 'eager';
  return function session(req, res, next) {
    const exchange = exchangeOfRaw(req) ?? new Exchange(context, req, res, next);
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
 * Loads the session after an error of an earlier middleware, such as the body parser, so that exception filters can use it.
 * The request continues with that error, even if the session cannot be loaded.
 *
 * @internal
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
