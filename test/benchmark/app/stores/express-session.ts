import type { RequestHandler } from 'express';
import untyped from 'express-session';
import type { Setup, Surroundings } from '../setup.js';

/** The part of express-session that is used here. */
export const expressSession = untyped as {
  (options: { secret: string; store: unknown; resave: boolean; saveUninitialized: boolean }): RequestHandler;
  readonly MemoryStore: new () => object;
};

/** express-session as its README sets it up, with a store. */
export function withExpressSession(
  { secret }: Surroundings,
  store: unknown,
  rest: Pick<Setup, 'close' | 'prune'> = {},
): Setup {
  const middleware = expressSession({ secret, store, resave: false, saveUninitialized: false });
  return { prepare: (app) => void app.use(middleware), ...rest };
}
