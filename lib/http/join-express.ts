import type { ServerResponse } from 'node:http';
import { exchangeOfRaw, makeRoom, type SessionRequest } from './request-session.js';
import { type ExchangeContext, SessionExchange } from './session-exchange.js';
import type { SessionMiddleware } from './session.middleware.js';

/** A request as Express hands it on. */
type ExpressRequest = SessionRequest & { next?: (error?: unknown) => void };

/** What is used of an application of Express, so that no import asks for the package. */
export interface ExpressApplication {
  /** What every server, and every application that this one is mounted in, gives requests to. */
  handle: (req: ExpressRequest, res: ServerResponse, done?: (error?: unknown) => void) => unknown;
  use(middleware: SessionMiddleware): unknown;
}

/**
 * Gives the requests of an application of Express their session. Where that is loaded only when somebody asks for it, it
 * needs no turn among the middleware, each of which costs every route some 10 µs.
 */
export function joinExpress(
  app: ExpressApplication,
  context: ExchangeContext,
  middleware: SessionMiddleware,
): void {
  const isLazy = context.http.load === 'lazy';
  const { handle } = app;
  app.handle = (req, res, done) => {
    makeRoom(req);
    if (isLazy && exchangeOfRaw(req) === undefined)
      new SessionExchange(context, req, res, (error) => (req.next ?? done)?.(error));
    return handle.call(app, req, res, done);
  };
  if (!isLazy) app.use(middleware);
}
