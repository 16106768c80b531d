import type { IncomingMessage, ServerResponse } from 'node:http';
import { SessionEngine } from '../core/engine/session-engine.js';
import { SessionEventHub } from '../core/record/session-events.js';
import { SharedStore } from '../core/store/shared-store.js';
import { exchangeOf, type Next } from '../http/request-session.js';
import { HttpExchange } from '../http/http-exchange.js';
import { ExpressStoreAdapter } from '../stores/express/express-store.adapter.js';
import { cleanedMessage } from './cleaned-message.js';
import { Cookie } from './cookie.js';
import { DropInStore } from './drop-in-store.js';
import { resolveSessionOptions, secretOf, type SessionOptions } from './options.js';
import { MemoryStore } from './memory-store.js';
import { coversPath, pathOf } from './path.js';
import type { ExpressSessionRequest } from './request.js';
import type { SessionData } from './session-data.js';
import { Session } from './session.js';
import { Store } from './store.js';

/** A middleware for Express, Connect and plain `node:http`. */
export type SessionMiddleware = (req: IncomingMessage, res: ServerResponse, next: Next) => void;

/** No events, as in express-session: the public name of a session would be its id. */
class NoEvents extends SessionEventHub {
  override hasListeners(): boolean {
    return false;
  }
}

function sessionMiddleware(given?: SessionOptions | null): SessionMiddleware {
  const options = given ?? {};
  const resolved = resolveSessionOptions(options);
  const { engine: settings, http, warnings } = resolved;
  const store = resolved.store as Store;
  const warnOnce = onceEach((message) => process.emitWarning(message, { code: 'NEST_SESSION' }));
  const dropIn = DropInStore.of(store);
  const shared = new SharedStore(dropIn, {
    timeout: resolved.storeTimeout,
    onError: () => undefined,
    messageOf: cleanedMessage,
  });
  const engine = new SessionEngine(settings, dropIn, shared, new NoEvents(), (engine, state) =>
    Session.bound(engine, state),
  );
  const context = { engine, http, callTimeout: resolved.storeTimeout, storeFailures: () => 0, warnOnce };
  warnings.forEach((warning) => warnOnce(warning));

  store.generate = (req) => {
    const exchange = exchangeOf(req);
    if (exchange !== undefined) return exchange.startOver();
    req.sessionID = settings.ids.generate(req);
    const made = new Session(req);
    made.cookie = new Cookie(http.cookieFor(req as IncomingMessage));
    req.session = made;
  };

  let isConnected = true;
  store.on?.('disconnect', () => (isConnected = false));
  store.on?.('connect', () => (isConnected = true));

  return function session(req, res, next) {
    const request = req as unknown as ExpressSessionRequest;
    if (request.session || !isConnected) return next();
    if (!coversPath(http.cookieFor(req).path ?? '/', pathOf(req))) return next();
    if (!options.secret && !secretOf(req)) return next(new Error('secret option required for sessions'));
    request.sessionStore = store;
    const exchange = new HttpExchange(context, req, res, next);
    const loading = exchange.load();
    if (loading !== undefined) return void loading.then(() => exchange.present()).then(() => next(), next);
    exchange.present();
    next();
  };
}

/** `session()` with its classes as properties. */
export interface SessionFunction {
  (options?: SessionOptions | null): SessionMiddleware;
  readonly Session: typeof Session;
  readonly Cookie: typeof Cookie;
  readonly Store: typeof Store;
  readonly MemoryStore: typeof MemoryStore;
  readonly ExpressStoreAdapter: typeof ExpressStoreAdapter;
}

/**
 * A session middleware with the options, the defaults and the behaviour of express-session.
 *
 * @throws TypeError if `genid`, `unset`, `secret` or `storeTimeout` is wrong.
 * @example
 * ```ts
 * app.use(session({ secret, resave: false, saveUninitialized: false, store: new RedisStore({ client }) }));
 * ```
 */
export const session: SessionFunction = Object.assign(sessionMiddleware, {
  Session,
  Cookie,
  Store,
  MemoryStore,
  ExpressStoreAdapter,
});

/** The types under the names that `@types/express-session` gives them. */
export declare namespace session {
  type Session = import('./session.js').Session;
  type Cookie = import('./cookie.js').Cookie;
  type Store = import('./store.js').Store;
  type MemoryStore = import('./memory-store.js').MemoryStore;
  type SessionOptions = import('./options.js').SessionOptions;
  type CookieOptions = import('./cookie.js').CookieOptions;
  type SessionData = import('./session-data.js').SessionData & { cookie: Cookie };
  type StoredSession = import('../stores/express/express-session-store.js').StoredSession;
}

function onceEach(say: (message: string) => void): (message: string, kind?: string) => void {
  const said = new Set<string>();
  return (message, kind = message) => {
    if (said.has(kind)) return;
    said.add(kind);
    say(message);
  };
}

declare global {
  namespace Express {
    interface Request {
      /** The visitor's session. */
      session: Session & Partial<SessionData>;
      /** The secret id of the session. */
      sessionID: string;
      /** The store of the session. */
      sessionStore: Store;
    }
  }
}
