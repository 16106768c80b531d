import type { ServerResponse } from 'node:http';
import type { Commit } from '../core/engine/session-engine.js';
import type { SessionHost } from '../core/request/session-host.js';
import type { TokenCodec } from '../core/record/token-codec.js';
import type { CookieDefaults, SessionCookie } from '../core/record/session-cookie.js';
import type { SessionRecord } from '../core/record/session-record.js';
import { SessionCalls } from '../core/request/session-calls.js';
import { cookieLifeOf } from '../core/request/session-life.js';
import type { SessionState } from '../core/request/session-state.js';
import { finalAttributes, hasCookie } from '../cookie/cookie-header.js';
import { describe, messages } from '../errors/messages.js';
import { SessionUsageError } from '../errors/session-usage.error.js';
import { isSecure } from './connection.js';
import type { Exchange, ExchangeContext, Next } from './exchange.js';
import { deviceOf } from './device.js';
import { toError } from './node-response.js';
import { isTakenOff, keepExchange, type SessionRequest, showSession } from './request-session.js';
import { type HeldResponse, holdResponse, type ResponseGate } from './response-hold.js';
import { addHeader, cookieLines, varyOnCookie } from './session-headers.js';
import { keepFromCaches, maySharedCacheStore } from './shared-caches.js';

/** One request and its session, from the cookie that came to the cookie that goes. */
export class SessionExchange implements Exchange, SessionHost<SessionState>, ResponseGate {
  readonly #context: ExchangeContext;
  readonly #req: SessionRequest;
  readonly #res: ServerResponse;
  readonly #next: Next;
  readonly #failuresBefore: number;
  #state: SessionState | undefined;
  /** What the application sees: undefined until it looks, null when there is none. */
  #session: object | null | undefined;
  /** What it saw last: putting that back undoes an unset. */
  #shown: object | undefined;
  /** What the application unset it with, which is what it reads from then on. */
  #unsetWith: null | undefined;
  #loading: Promise<void> | undefined;
  #cookieDefaults: CookieDefaults | undefined;
  #codec: TokenCodec | undefined;
  #setCookies: readonly string[] | undefined;
  #clearSiteData: string | undefined;
  #calls: SessionCalls | undefined;
  #hold: HeldResponse | undefined;
  #failed = false;
  #accessed = false;
  #isShared = false;
  #unset = false;
  /** Whether it is decided which cookie the response has. */
  #settled = false;
  /** The head of the response: still open, waiting for the commit, or gone. */
  #head: 'open' | 'committing' | 'gone' = 'open';

  constructor(context: ExchangeContext, req: SessionRequest, res: ServerResponse, next: Next) {
    this.#context = context;
    this.#req = req;
    this.#res = res;
    this.#next = next;
    this.#failuresBefore = context.storeFailures();
    (req as { headers?: object }).headers ??= {}; // tests pass requests without
    keepExchange(req, this);
    this.#expose();
  }

  /** Whose exchange it is, among several kinds of sessions. */
  get context(): ExchangeContext {
    return this.#context;
  }

  /** The middleware of other sessions runs for the request as well: this one came first, and counts. */
  share({ http, warnOnce }: ExchangeContext): void {
    this.#isShared = true;
    warnOnce(messages.severalRan(this.#context.http.cookieName, http.cookieName));
  }

  /** Whether handlers of a class may have the session. */
  isFor(type: object): boolean {
    return this.#isShared || this.#context.serves?.(type) !== false;
  }

  /** Loads the session, once. Answers at once when the store need not be asked. */
  load(): Promise<void> | undefined {
    if (this.#state !== undefined) return undefined;
    return (this.#loading ??= this.#open());
  }

  /** The session of the request, loaded if need be. */
  async get(): Promise<object> {
    await this.load();
    const { session } = this;
    if (session == null) throw new SessionUsageError(messages.unset);
    return session;
  }

  /** What `req.session` is. */
  get session(): object | null | undefined {
    this.#accessed = true;
    return this.present() ?? this.#unsetWith;
  }

  set session(value: unknown) {
    if (value && value === this.#shown) {
      this.#session = this.#shown;
      this.#unset = false;
      return;
    }
    if (value) throw new SessionUsageError(messages.replaced(describe(value)));
    this.#unset = true;
    this.#unsetWith = value === null ? null : undefined;
    this.#session = null;
  }

  /** The session, made if it is not yet; nobody has looked at it for that. */
  present(): object | undefined {
    if (this.#state === undefined) {
      // Error pages look for a session, too: they find none, rather than a second error.
      if (this.#failed) return undefined;
      throw new SessionUsageError(messages.notLoaded);
    }
    return this.#session === undefined
      ? (this.#shown = this.#session = this.#context.engine.present(this.#state))
      : (this.#session ?? undefined);
  }

  /** What the engine knows of the session, once it is loaded. */
  protected get state(): SessionState | undefined {
    return this.#state;
  }

  // SessionHost<SessionState>: what the engine asks of the request

  get request(): SessionRequest {
    return this.#req;
  }

  get cookieDefaults(): CookieDefaults {
    return (this.#cookieDefaults ??= this.#context.http.cookieFor(this.#req));
  }

  get codec(): TokenCodec {
    return (this.#codec ??= this.#context.http.codecFor(this.#req));
  }

  get headersSent(): boolean {
    return this.#head !== 'open';
  }

  get calls(): SessionCalls {
    return (this.#calls ??= new SessionCalls(this.#context.callTimeout, (error) =>
      this.callbackFailed(error),
    ));
  }

  get renewal(): SessionHost<SessionState>['renewal'] {
    if (this.#hold === undefined) return 'impossible';
    if (this.cookieSettled) return 'over';
    return maySharedCacheStore(this.#res) ? 'later' : 'possible';
  }

  canSend(cookie: SessionCookie): boolean {
    if (!this.#isSecure && this.#needsSecure(cookie)) {
      this.#context.warnOnce(messages.insecure);
      return false;
    }
    if (this.#head !== 'gone') return true;
    this.#warnOfLoss();
    return false;
  }

  get cookieSettled(): boolean {
    return this.#settled || this.#head === 'gone';
  }

  /** Only what is not stored yet is lost with the head: the client of any other session has its cookie. */
  #warnOfLoss(): void {
    const state = this.#state;
    if (state?.base === undefined) this.#context.warnOnce(messages.tooLate);
    else if (this.#sealsCookies && state.isChanged && !state.isGivenUp)
      this.#context.warnOnce(messages.cookieLeft);
  }

  /** Whether browsers take a cookie over TLS alone: they drop one that crosses sites, or is partitioned, without `Secure`. */
  #needsSecure({ secure, sameSite, partitioned }: SessionCookie): boolean {
    if (secure === true) return true;
    return this.#context.http.refusesUselessCookies && (sameSite === 'none' || partitioned === true);
  }

  device(): { ip: string | null; userAgent: string | null } {
    return deviceOf(this.#req);
  }

  setCurrent(state: SessionState | undefined): void {
    if (state !== undefined) this.#state = state;
    this.#session = state === undefined ? null : undefined;
    this.#unset = state === undefined;
    this.#unsetWith = undefined;
    this.#expose();
  }

  putBack(): void {
    this.#session = this.#shown;
    this.#unset = false;
    this.#expose();
  }

  /** Gives the request a new session in place of the one it has. */
  startOver(): void {
    const state = this.#context.engine.fresh(this);
    state.replaces = true;
    this.setCurrent(state);
    this.present();
  }

  /** Makes a session that is in hand as a record the one of the request. */
  adopt(id: string, record: SessionRecord): object | null | undefined {
    const isOther = this.#state?.base === undefined || this.#state.id !== id;
    const state = this.#context.engine.adopt(id, record, this);
    // The application has it from the store itself, and vouches for it.
    state.mustSendCookie = isOther;
    if (isOther) state.written = 'here';
    this.setCurrent(state);
    return this.session;
  }

  // ResponseGate: what the held response asks

  get endsOnce(): boolean {
    return this.#context.http.endsOnce;
  }

  commit(): Promise<void> | undefined {
    const state = this.#state;
    if (state === undefined || this.#failed) return undefined;
    const calls = this.#calls;
    if (calls !== undefined) {
      // What they and their callbacks do may still give the session another id.
      if (!calls.isIdle) return calls.idle().then(() => this.commit());
      calls.throwFailure();
    }
    const outcome = this.#outcome(state);
    this.#leaving();
    if (outcome instanceof Promise) return outcome.then((commit) => this.#decideCookie(state, commit));
    this.#decideCookie(state, outcome);
    return undefined;
  }

  beforeHead(): void {
    const res = this.#res;
    this.#head = 'gone';
    this.#setHeaders();
    const storeFailed = this.#context.storeFailures() !== this.#failuresBefore;
    if (storeFailed && res.statusCode === 503 && !res.hasHeader('Retry-After'))
      res.setHeader('Retry-After', '1');
  }

  fail(error: unknown): void {
    this.#failed = true;
    const { retryAfter } = error as { retryAfter?: unknown };
    if (typeof retryAfter === 'number') this.#res.setHeader('Retry-After', String(retryAfter));
    this.#decideCookieAfterAll();
    this.#setHeaders();
    const { answerLate, http } = this.#context;
    if (answerLate === undefined) this.#next(http.errorFor(error));
    else answerLate(http.errorFor(error), this.#req, this.#res);
  }

  /** A new id that is stored has to reach the client with the error, too: the old one is dead. */
  #decideCookieAfterAll(): void {
    const state = this.#state;
    if (state === undefined || this.#setCookies !== undefined) return;
    try {
      this.#decideCookie(state, this.#context.engine.cookieOf(state));
    } catch {
      // A cookie that cannot be made is no second error: the one in hand is answered.
    }
  }

  #setHeaders(): void {
    const res = this.#res;
    if (this.#setCookies !== undefined) {
      for (const line of this.#setCookies) addHeader(res, 'Set-Cookie', line);
      keepFromCaches(res);
    }
    if (this.#clearSiteData !== undefined && !res.hasHeader('Clear-Site-Data'))
      res.setHeader('Clear-Site-Data', this.#clearSiteData);
    if (this.#accessed || this.#setCookies !== undefined) varyOnCookie(res);
  }

  /** A callback of a session's method threw: that fails the request, and never the process. */
  protected callbackFailed(error: unknown): void {
    if (this.#hold !== undefined) {
      if (this.#head !== 'gone') return this.#hold.abort(error);
      if (!this.#res.writableEnded) this.#res.destroy(toError(error));
    }
    process.emitWarning(messages.callbackFailed, { code: 'NEST_SESSION_CALLBACK', detail: stackOf(error) });
  }

  #expose(): void {
    showSession(this.#req, this.#context.http.showsSession);
  }

  #leaving(): void {
    if (this.#head === 'open') this.#head = 'committing';
  }

  #open(): Promise<void> | undefined {
    if (this.#res.headersSent) this.#head = 'gone';
    this.#hold = holdResponse(this.#res, this);
    const { engine, http } = this.#context;
    const state = engine.open(http.tokensOf(this.#req, this.codec), this);
    if (!(state instanceof Promise)) {
      this.#state = state;
      return undefined;
    }
    return state.then(
      (loaded) => void (this.#state = loaded),
      (error: unknown) => {
        this.#failed = true;
        throw http.errorFor(error);
      },
    );
  }

  #outcome(state: SessionState): Commit | Promise<Commit> {
    const { engine, http } = this.#context;
    const isUnset = isTakenOff(this.#req, this.#shown) ?? this.#unset;
    if (state.isEnded || !isUnset) return engine.commit(state);
    // What a call has stored stays, and with it a new id has to reach the client.
    if (http.unset === 'keep') return engine.cookieOf(state);
    return engine.destroy(state, 'logout').then(() => engine.commit(state));
  }

  #decideCookie(state: SessionState, commit: Commit): void {
    const { http } = this.#context;
    this.#settled = true;
    if (commit.cookie === 'none' || this.#head === 'gone') return;
    if (commit.cookie === 'clear') {
      if (!http.clearsCookies || !hasCookie(this.#req.headers.cookie, http.cookieName)) return;
      this.#setCookies = cookieLines(http, '', finalAttributes(state.cookie, this.#isSecure), this.#req);
      this.#clearSiteData = http.clearSiteData;
      return;
    }
    const life = cookieLifeOf(state);
    const attributes = {
      ...finalAttributes(state.cookie, this.#isSecure),
      ...(life && { expires: life.expires, ...(http.sendsMaxAge && { maxAge: life.maxAge }) }),
    };
    this.#setCookies = cookieLines(http, commit.token, attributes, this.#req);
    state.mustSendCookie = false;
  }

  get #sealsCookies(): boolean {
    return this.#context.engine.settings.sealsCookies;
  }

  get #isSecure(): boolean {
    return isSecure(this.#req, this.#context.http.proxy);
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : describe(error);
}
