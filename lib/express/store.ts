import { EventEmitter } from 'node:events';
import type { SessionCallback } from '../core/request/session-calls.js';
import { exchangeOf } from '../http/request-session.js';
import type {
  ExpressSessionStore,
  StoreCallback,
  StoredSession,
} from '../stores/express/express-session-store.js';
import { callable } from './callable.js';
import { Cookie, type CookieOptions } from './cookie.js';
import { errorOfStore } from './errors.js';
import type { ExpressSessionRequest } from './request.js';
import { recordFrom } from './drop-in-store.js';
import { Session } from './session.js';

abstract class BaseStore extends EventEmitter implements ExpressSessionStore {
  /** The session under an id, or nothing. */
  abstract get(id: string, callback: StoreCallback<StoredSession | null>): unknown;
  /** Stores a session. */
  abstract set(id: string, session: object, callback?: StoreCallback): unknown;
  /** Removes a session. */
  abstract destroy(id: string, callback?: StoreCallback): unknown;
  /** Prolongs the life of a session. */
  touch?(id: string, session: object, callback?: StoreCallback): unknown;

  /** Puts a new session on a request; set by `session()`. */
  declare generate: (req: ExpressSessionRequest) => void;

  /** Ends the session of a request and gives it a new one. */
  regenerate(req: ExpressSessionRequest, callback: SessionCallback): void {
    const id = req.sessionID;
    void this.destroy(id, (error) => {
      this.generate(req);
      callback(errorOfStore(error, id));
    });
  }

  /** A stored session as an object with its methods; nothing if there is none. */
  load(id: string, callback: StoreCallback<Session>): void {
    void this.get(id, (error, stored) => {
      if (error) callback(errorOfStore(error, id));
      else if (!stored) callback();
      else callback(undefined, this.createSession({ sessionID: id, sessionStore: this } as never, stored));
    });
  }

  /** Sets a stored session as the session of a request. */
  createSession(req: ExpressSessionRequest, stored: StoredSession): Session {
    const exchange = exchangeOf(req);
    if (exchange !== undefined)
      return exchange.adopt(req.sessionID, recordFrom(req.sessionID, stored)) as Session;
    const { expires, originalMaxAge = null } = stored.cookie;
    const cookie = new Cookie(stored.cookie as CookieOptions);
    if (typeof expires === 'string') cookie.expires = new Date(expires);
    cookie.originalMaxAge = originalMaxAge;
    const session = new Session(req, { ...stored, cookie });
    req.session = session;
    return session;
  }
}

/** The base class of `connect-*` stores. It can be extended as a class or, as in older ones, as a function. */
export const Store = callable(BaseStore, (store) => EventEmitter.call(store));
export type Store = BaseStore;
