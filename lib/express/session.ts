import type { CallName, SessionCallback } from '../core/request/session-calls.js';
import type { SessionEngine } from '../core/engine/session-engine.js';
import type { SessionState } from '../core/request/session-state.js';
import { Cookie } from './cookie.js';
import { errorFor, errorOfStore } from './errors.js';
import type { ExpressSessionRequest } from './request.js';

/** The engine of a session, and its state. */
interface Bond {
  readonly engine: SessionEngine;
  readonly state: SessionState;
}

/**
 * A visitor's session, as in express-session: the application's keys, a `cookie`, and a few methods that are not
 * enumerable. With a callback, a method returns the session. Without a callback, it returns a promise.
 */
export class Session {
  /** The secret session id. */
  declare readonly id: string;
  /** The request it belongs to. */
  declare readonly req: ExpressSessionRequest;
  /** The settings of this session's cookie. */
  declare cookie: Cookie;
  /** Undefined for a session that was created with `new`: its methods use `req.sessionStore`. */
  #bond: Bond | undefined;

  /** Own and enumerable, as in express-session. */
  static readonly #COOKIE: PropertyDescriptor & ThisType<Session> = {
    configurable: true,
    enumerable: true,
    get() {
      return this.#bond!.state.cookie;
    },
    set(cookie: object) {
      this.#bond!.state.cookie = cookie instanceof Cookie ? cookie : new Cookie(cookie);
    },
  };

  /** The session of an engine, without its data. @internal */
  static bound(engine: SessionEngine, state: SessionState): Session {
    const req = state.host.request as ExpressSessionRequest;
    req.sessionID = state.id;
    const session = new Session(req);
    session.#bond = { engine, state };
    Object.defineProperty(session, 'cookie', Session.#COOKIE);
    void state.cookie; // throws for wrong settings now
    return session;
  }

  /**
   * @param req - A request with `sessionID` and `sessionStore`.
   * @param data - The data. Names of own members are ignored.
   */
  constructor(req: ExpressSessionRequest, data?: object | null) {
    Object.defineProperty(this, 'req', { value: req });
    Object.defineProperty(this, 'id', { value: req.sessionID });
    if (typeof data !== 'object' || data === null) return;
    for (const [key, value] of Object.entries(data)) {
      if (!(key in this)) Reflect.set(this, key, value);
    }
  }

  /** Restarts the life of the cookie. */
  touch(): this {
    return this.resetMaxAge();
  }

  /** Restarts the life of the cookie, at its original length. */
  resetMaxAge(): this {
    this.cookie.maxAge = this.cookie.originalMaxAge;
    return this;
  }

  /** Stores the session now instead of before the response. */
  save(): Promise<void>;
  save(callback: SessionCallback): this;
  save(callback?: SessionCallback): Promise<void> | this {
    return this.#do(
      'save',
      ({ engine, state }) => engine.save(state),
      (done) => this.req.sessionStore.set(this.id, this, done),
      callback,
    );
  }

  /** Reads the session again and discards the changes of this request. Fails if the session has ended. */
  reload(): Promise<void>;
  reload(callback: SessionCallback): this;
  reload(callback?: SessionCallback): Promise<void> | this {
    return this.#do(
      'reload',
      async ({ engine, state }) => {
        await engine.reload(state);
        state.host.setCurrent(state);
        present(this.req);
      },
      (done) => {
        const { req } = this;
        void req.sessionStore.get(this.id, (error, stored) => {
          if (error) return done(error);
          if (!stored) return done(new Error('failed to load session'));
          req.sessionStore.createSession(req, stored);
          done();
        });
      },
      callback,
    );
  }

  /** Ends the session in the store, and removes `req.session` immediately. */
  destroy(): Promise<void>;
  destroy(callback: SessionCallback): this;
  destroy(callback?: SessionCallback): Promise<void> | this {
    Reflect.deleteProperty(this.req, 'session');
    return this.#do(
      'destroy',
      ({ engine, state }) => engine.destroy(state, 'logout'),
      (done) => this.req.sessionStore.destroy(this.id, done),
      callback,
    );
  }

  /** Ends this session and puts a new, empty one on `req.session`. You can still read this object. */
  regenerate(): Promise<void>;
  regenerate(callback: SessionCallback): this;
  regenerate(callback?: SessionCallback): Promise<void> | this {
    return this.#do(
      'regenerate',
      async ({ engine, state }) => {
        await engine.regenerate(state);
        present(this.req);
      },
      (done) => this.req.sessionStore.regenerate(this.req, done),
      callback,
    );
  }

  #do(
    name: CallName,
    withEngine: (bond: Bond) => Promise<void>,
    byHand: (done: SessionCallback) => void,
    callback: SessionCallback | undefined,
  ): Promise<void> | this {
    const bond = this.#bond;
    if (bond === undefined) return this.#byHand(byHand, callback);
    const work = async (): Promise<void> => {
      try {
        await withEngine(bond);
      } catch (error) {
        throw errorFor(error);
      }
    };
    return bond.state.host.calls.answer(this, name, work, callback);
  }

  #byHand(
    work: (done: SessionCallback) => void,
    callback: SessionCallback | undefined,
  ): Promise<void> | this {
    if (callback !== undefined) {
      work((error) => callback(errorOfStore(error, this.id)));
      return this;
    }
    return new Promise((resolve, reject) => {
      work((error) => (error ? reject(errorOfStore(error, this.id)) : resolve()));
    });
  }
}

/** Makes the session of a request, and `req.sessionID`, immediately. */
function present(req: ExpressSessionRequest): void {
  void req.session;
}
