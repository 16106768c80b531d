import type { Commit } from '../core/engine/session-engine.js';
import type { CookieDefaults, SessionCookie } from '../core/record/session-cookie.js';
import type { SessionMeta } from '../core/record/session-meta.js';
import type { SessionRecord } from '../core/record/session-record.js';
import type { TokenCodec } from '../core/record/token-codec.js';
import { SessionCalls } from '../core/request/session-calls.js';
import type { SessionHost } from '../core/request/session-host.js';
import type { SessionState } from '../core/request/session-state.js';
import { messages } from '../errors/messages.js';
import type { SessionLockedError } from '../errors/session-locked.error.js';
import { SessionUsageError } from '../errors/session-usage.error.js';
import { deviceOf } from './connection.js';
import type { Exchange, ExchangeContext } from './exchange.js';
import { toError } from './node-response.js';
import { RequestSession, type SessionRequest } from './request-session.js';
import { SessionUse } from '../core/session-use.js';
import type { Answer } from '../core/store/shared-store.js';

/** One request and its session. Subclasses decide about the cookie. */
export abstract class SessionExchange implements Exchange, SessionHost<SessionState> {
  readonly context: ExchangeContext;
  readonly request: SessionRequest;
  abstract readonly headersSent: boolean;
  abstract readonly cookieSettled: boolean;
  abstract readonly renewal: SessionHost<SessionState>['renewal'];
  readonly #shown: RequestSession;
  #state: SessionState | undefined;
  #loading: Promise<void> | undefined;
  #cookieDefaults: CookieDefaults | undefined;
  #codec: TokenCodec | undefined;
  #calls: SessionCalls | undefined;
  #hasFailed = false;
  #isUsed = false;
  #isShared = false;
  #isPassive = false;
  #use: SessionUse | undefined;

  constructor(context: ExchangeContext, request: SessionRequest) {
    this.context = context;
    this.request = request;
    (request as { headers?: object }).headers ??= {}; // tests pass requests without
    this.#shown = new RequestSession(request, this, context.http.profile.isEnumerable);
  }

  share({ http, warnOnce }: ExchangeContext): void {
    this.#isShared = true;
    warnOnce(messages.severalRan(this.context.http.cookieName, http.cookieName));
  }

  isFor(type: object): boolean {
    return this.#isShared || this.context.serves?.(type) !== false;
  }

  get use(): SessionUse {
    return (this.#use ??= new SessionUse());
  }

  load(): Promise<void> | undefined {
    if (this.#state !== undefined) return undefined;
    return (this.#loading ??= this.#open());
  }

  get(): Answer<object> {
    const get = (): object => requireSet(this.session);
    return this.load()?.then(get) ?? get();
  }

  peek(): Answer<object> {
    const peek = (): object => {
      this.#isUsed = true;
      this.present();
      return requireSet(this.#shown.value);
    };
    return this.load()?.then(peek) ?? peek();
  }

  get session(): object | null | undefined {
    this.#isUsed = true;
    this.present();
    this.#state?.content?.handOut();
    return this.#shown.value;
  }

  set session(value: unknown) {
    this.#shown.value = value;
  }

  /** Creates the session object if necessary. This does not count as reading the session. */
  present(): void {
    if (this.#state === undefined) {
      // Error pages may read the session, and must not cause a second error.
      if (this.#hasFailed) return;
      throw new SessionUsageError(messages.notLoaded);
    }
    if (!this.#shown.isMissing) return;
    this.#shown.fill(this.context.engine.present(this.#state));
    this.#state.content?.keepBack();
  }

  startOver(): void {
    const state = this.context.engine.fresh(this);
    state.replaces = true;
    this.setCurrent(state);
    this.present();
  }

  adopt(id: string, record: SessionRecord): object | null | undefined {
    const isOther = this.#state?.base === undefined || this.#state.id !== id;
    const state = this.context.engine.adopt(id, record, this);
    // The application has read the record itself and is responsible for it.
    state.mustSendCookie = isOther;
    if (isOther) state.written = 'here';
    this.setCurrent(state);
    return this.session;
  }

  // SessionHost<SessionState>

  get cookieDefaults(): CookieDefaults {
    return (this.#cookieDefaults ??= this.context.http.cookieFor(this.request));
  }

  get codec(): TokenCodec {
    return (this.#codec ??= this.context.http.codecFor(this.request));
  }

  get isPassive(): boolean {
    return this.#use?.isPassive ?? this.#isPassive;
  }

  countAsUse(): void {
    this.use.count();
  }

  get calls(): SessionCalls {
    return (this.#calls ??= new SessionCalls(this.context.callTimeout, (error) =>
      this.callbackFailed(error),
    ));
  }

  device(): { ip: string | null; userAgent: string | null } {
    return deviceOf(this.request);
  }

  warnOnce(message: string, kind?: string): void {
    this.context.warnOnce(message, kind);
  }

  lockOf(record: SessionRecord, meta: SessionMeta): SessionLockedError | undefined {
    return this.context.devices?.lockOf(this.request, record, meta, this.connectedAt);
  }

  setCurrent(state: SessionState | undefined): void {
    if (state === undefined) return this.#shown.remove();
    this.#state = state;
    this.#shown.replace();
  }

  putBack(): void {
    this.#shown.putBack();
  }

  abstract canSend(cookie: SessionCookie): boolean;

  /** The state of the session; undefined until it is loaded. */
  protected get state(): SessionState | undefined {
    return this.#state;
  }

  /** When the WebSocket of this message was opened; undefined for an HTTP request. */
  protected get connectedAt(): number | undefined {
    return undefined;
  }

  /** Whether the application has read the session. */
  protected get isUsed(): boolean {
    return this.#isUsed;
  }

  /** Whether the request is answered with an error of the session. Nothing is stored then. */
  protected get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** Notes that the request is answered with an error of the session. */
  protected failed(): void {
    this.#hasFailed = true;
  }

  /** Called before the session is loaded. */
  protected beforeLoad(): void {
    // Nothing to do if there is no response.
  }

  /** Handles an error that a callback of a session method threw. It fails the request, never the process. */
  protected abstract callbackFailed(error: unknown): void;

  /**
   * Waits for the calls of the session; undefined if there are none.
   *
   * @throws the error of a failed call that was not awaited.
   */
  protected callsUnderWay(): Promise<void> | undefined {
    if (this.#calls?.isIdle === false) return this.#calls.idle();
    this.#calls?.throwFailure();
    return undefined;
  }

  /** Stores the changes of a session. */
  protected store(state: SessionState): Commit | Promise<Commit> {
    const { engine, http } = this.context;
    const isUnset = this.#shown.isUnset();
    if (!isUnset || state.isEnded || state.status === 'locked') return engine.commit(state);
    // Changes that a call has stored stay, so that a new id must still reach the client.
    if (http.unset === 'keep') return engine.cookieOf(state);
    return engine.destroy(state, 'logout').then(() => engine.commit(state));
  }

  #open(): Promise<void> | undefined {
    this.beforeLoad();
    const { engine, http } = this.context;
    try {
      this.#isPassive = http.passive?.(this.request) ?? false;
    } catch (error) {
      this.failed();
      return Promise.reject(toError(error));
    }
    const state = engine.open(http.tokensOf(this.request, this.codec), this);
    if (!(state instanceof Promise)) {
      this.#state = state;
      return undefined;
    }
    return state.then(
      (loaded) => void (this.#state = loaded),
      (error: unknown) => {
        this.failed();
        throw http.profile.errorFor(error);
      },
    );
  }
}

function requireSet(session: object | null | undefined): object {
  if (session == null) throw new SessionUsageError(messages.unset);
  return session;
}
