import type { ServerResponse } from 'node:http';
import type { Commit } from '../core/engine/session-engine.js';
import type { SessionCookie } from '../core/record/session-cookie.js';
import type { SessionHost } from '../core/request/session-host.js';
import type { SessionState } from '../core/request/session-state.js';
import { describe } from '../errors/describe.js';
import { messages } from '../errors/messages.js';
import { isSecure } from './connection.js';
import type { ExchangeContext } from './exchange.js';
import { toError } from './node-response.js';
import type { Next, SessionRequest } from './request-session.js';
import { type HeldResponse, holdResponse, type ResponseGate } from './response-hold.js';
import { SessionExchange } from './session-exchange.js';
import { headersFor, sendHeaders, type SessionHeaders } from './session-headers.js';
import { isForSharedCaches } from './shared-caches.js';

/** One request over HTTP and its session, from the cookie of the request to the cookie of the response. */
export class HttpExchange extends SessionExchange implements ResponseGate {
  readonly #res: ServerResponse;
  readonly #next: Next;
  readonly #failuresBefore: number;
  #hold: HeldResponse | undefined;
  #headers: SessionHeaders | undefined;
  /** Whether the cookie of the response is decided. */
  #isDecided = false;
  /** The head of the response: not sent, waiting for the commit, or sent. */
  #head: 'open' | 'committing' | 'gone' = 'open';

  constructor(context: ExchangeContext, request: SessionRequest, res: ServerResponse, next: Next) {
    super(context, request);
    this.#res = res;
    this.#next = next;
    this.#failuresBefore = context.storeFailures();
  }

  // SessionHost<SessionState>

  get headersSent(): boolean {
    return this.#head !== 'open';
  }

  get cookieSettled(): boolean {
    return this.#isDecided || this.#head === 'gone';
  }

  get renewal(): SessionHost<SessionState>['renewal'] {
    if (this.isPassive) return 'later';
    if (this.#hold === undefined) return 'impossible';
    if (this.cookieSettled) return 'over';
    return isForSharedCaches(this.#res, this.context.engine.settings.now()) ? 'later' : 'possible';
  }

  canSend(cookie: SessionCookie): boolean {
    const { http, warnOnce } = this.context;
    if (!isSecure(this.request, http.proxy) && http.profile.needsSecure(cookie)) {
      warnOnce(messages.insecure);
      return false;
    }
    if (this.#head !== 'gone') return true;
    this.#warnOfLoss();
    return false;
  }

  // ResponseGate

  get endsOnce(): boolean {
    return this.context.http.profile.endsOnce;
  }

  commit(): Promise<void> | undefined {
    const { state } = this;
    if (state === undefined || this.hasFailed) return undefined;
    // Calls and their callbacks may still change the session.
    const calls = this.callsUnderWay();
    if (calls !== undefined) return calls.then(() => this.commit());
    const storing = this.store(state);
    if (this.#head === 'open') this.#head = 'committing';
    if (storing instanceof Promise) return storing.then((commit) => this.#decide(state, commit));
    this.#decide(state, storing);
    return undefined;
  }

  beforeHead(): void {
    const res = this.#res;
    this.#head = 'gone';
    sendHeaders(res, this.#headers, this.isUsed);
    const storeFailed = this.context.storeFailures() !== this.#failuresBefore;
    if (storeFailed && res.statusCode === 503 && !res.hasHeader('Retry-After'))
      res.setHeader('Retry-After', '1');
  }

  fail(error: unknown): void {
    this.failed();
    const { retryAfter } = error as { retryAfter?: unknown };
    if (typeof retryAfter === 'number') this.#res.setHeader('Retry-After', String(retryAfter));
    this.#decideAfterAll();
    sendHeaders(this.#res, this.#headers, this.isUsed);
    const { answerLate, http } = this.context;
    const answered = http.profile.errorFor(error);
    if (answerLate === undefined) this.#next(answered);
    else answerLate(answered, this.request, this.#res);
  }

  protected override beforeLoad(): void {
    if (this.#res.headersSent) this.#head = 'gone';
    this.#hold = holdResponse(this.#res, this);
  }

  /** The headers for the outcome of a commit, or undefined if there are none. */
  protected headersOf(commit: Commit, state: SessionState): SessionHeaders | undefined {
    return headersFor(commit, state, this.request, this.context.http);
  }

  protected override callbackFailed(error: unknown): void {
    if (this.#hold !== undefined) {
      if (this.#head !== 'gone') return this.#hold.abort(error);
      if (!this.#res.writableEnded) this.#res.destroy(toError(error));
    }
    process.emitWarning(messages.callbackFailed, { code: 'NEST_SESSION_CALLBACK', detail: stackOf(error) });
  }

  #decide(state: SessionState, commit: Commit): void {
    this.#isDecided = true;
    if (this.#head === 'gone') return;
    this.#headers = this.headersOf(commit, state);
    if (commit.cookie === 'set') state.mustSendCookie = false;
  }

  /** A stored new id must reach the client even with an error, because the old one no longer works. */
  #decideAfterAll(): void {
    const { state } = this;
    if (state === undefined || this.#headers !== undefined) return;
    try {
      this.#decide(state, this.context.engine.cookieOf(state));
    } catch {
      // The first error is answered.
    }
  }

  /** Warns if the head left before the cookie of a session that needed one. */
  #warnOfLoss(): void {
    const { state } = this;
    const { engine, warnOnce } = this.context;
    if (state?.base === undefined) warnOnce(messages.tooLate);
    else if (engine.settings.sealsCookies && state.isChanged && !state.content?.isFailed)
      warnOnce(messages.cookieLeft);
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : describe(error);
}
