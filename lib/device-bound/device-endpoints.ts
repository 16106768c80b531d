import type { ServerResponse } from 'node:http';
import type { DeviceBinding } from '../core/record/device-binding.js';
import { recordAt } from '../core/record/identity/identity.js';
import type { SessionReporter } from '../core/record/session-events.js';
import type { SessionRecord } from '../core/record/session-record.js';
import type { SessionState } from '../core/request/session-state.js';
import { SessionConflictError } from '../errors/session-conflict.error.js';
import { SessionEndedError } from '../errors/session-ended.error.js';
import { SessionStoreError } from '../errors/session-store.error.js';
import type { ExchangeContext } from '../http/exchange.js';
import type { SessionRequest } from '../http/request-session.js';
import type { SessionMiddleware } from '../http/session.middleware.js';
import type { BoundSession } from './bound-cookie.js';
import { CHALLENGE_LIFE, type ChallengePurpose } from './challenges.js';
import type { DeviceBinder } from './device-binder.js';
import { DeviceExchange } from './device-exchange.js';
import { LONGEST_IDENTIFIER } from './device-identifiers.js';
import { readProof } from './device-proof.js';
import { type AnsweredChallenge, boundSessionOf, proved, registered } from './proof-check.js';
import { quoted, stringIn } from './structured-header.js';

/** A response to a browser. */
interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
}

/** The browser deletes the binding: the session does not exist any more. */
const GIVE_UP: Answer = { status: 401 };
/** The browser stops its attempt. */
const REFUSED: Answer = { status: 403 };
/** The browser keeps the binding and tries again later. */
const LATER: Answer = { status: 503, headers: { 'Retry-After': '1' } };

/**
 * Answers the two requests that browsers send automatically: a registration after a sign-in, and a proof when one
 * is due.
 */
export class DeviceEndpoints {
  readonly #context: ExchangeContext;
  readonly #binder: DeviceBinder;
  readonly #reporter: SessionReporter;
  readonly #answers: ReadonlyMap<string, (request: SessionRequest) => Promise<Answer>>;

  constructor(context: ExchangeContext, binder: DeviceBinder, reporter: SessionReporter) {
    this.#context = context;
    this.#binder = binder;
    this.#reporter = reporter;
    const { path } = binder.options;
    this.#answers = new Map([
      [`${path}/register`, (request) => this.#register(request)],
      [`${path}/refresh`, (request) => this.#refresh(request)],
    ]);
  }

  /** Answers requests to the two paths, and calls `next()` for all others. */
  readonly middleware: SessionMiddleware = (req, res, next) => {
    const answer = this.#answers.get(pathOf(req));
    if (answer === undefined) return next();
    if (req.method !== 'POST') return send(res, { status: 405, headers: { Allow: 'POST' } });
    if (!this.#binder.isSecure(req)) return send(res, REFUSED);
    answer(req).then(
      (answered) => send(res, answered),
      (error: unknown) => {
        const failed = answerTo(error);
        if (failed === undefined) next(error);
        else send(res, failed);
      },
    );
  };

  async #register(request: SessionRequest): Promise<Answer> {
    const signed = this.#read(request, 'register');
    if (signed === undefined) return this.#wrong(REFUSED);
    const state = await this.#find(request, signed.challenge.key);
    if (state === undefined) return GIVE_UP;
    if (!(await this.#keep(state, registered, signed))) return this.#wrong(REFUSED, state);
    this.#reporter.bound(this.#subject(state));
    return this.#accepted(state, this.#binder.identifiers.of(state.key));
  }

  async #refresh(request: SessionRequest): Promise<Answer> {
    // Pages cannot send this header, so they cannot measure the response time to find out whether a user is signed in.
    const identifier = stringIn(request.headers['sec-secure-session-id'], LONGEST_IDENTIFIER);
    if (identifier === undefined) return this.#wrong(REFUSED);
    const key = this.#binder.identifiers.keyIn(identifier);
    if (key === undefined) return this.#wrong(GIVE_UP);
    const state = await this.#find(request, key);
    const binding = state?.meta.device;
    if (state === undefined || binding === undefined) return GIVE_UP;
    if (binding.key === undefined) return this.#isAwaited(binding) ? LATER : GIVE_UP;
    const challenge = this.#challenge(state, identifier);
    if (request.headers['secure-session-response'] === undefined) return challenge;
    const signed = this.#read(request, 'refresh', identifier);
    const isProved = signed !== undefined && (await this.#keep(state, proved, signed));
    if (!isProved) return this.#wrong(challenge, state);
    this.#reporter.proved(this.#subject(state));
    return this.#accepted(state, identifier);
  }

  #find(request: SessionRequest, key: string): Promise<SessionState | undefined> {
    return new DeviceExchange(this.#context, request).find(key);
  }

  /** The proof of a request, if it signs a challenge of this module for this purpose. */
  #read(
    { headers }: SessionRequest,
    purpose: ChallengePurpose,
    identifier?: string,
  ): Omit<AnsweredChallenge, 'now'> | undefined {
    const { challenges, options } = this.#binder;
    const proof = readProof(headers['secure-session-response']);
    const challenge = proof && challenges.open(proof.challenge);
    if (proof === undefined || challenge?.purpose !== purpose) return undefined;
    const { audience, subject } = proof;
    const isHere = audience === undefined || pathIn(audience) === `${options.path}/${purpose}`;
    return isHere && (subject ?? identifier) === identifier ? { proof, challenge } : undefined;
  }

  /**
   * Stores the new state of the binding if a proof is correct. If several proofs use one challenge at the same
   * time, one of them is accepted.
   */
  async #keep(
    state: SessionState,
    check: ProofCheck,
    signed: Omit<AnsweredChallenge, 'now'>,
  ): Promise<boolean> {
    const next = (): DeviceBinding | undefined => {
      const session = boundSessionOf(state);
      return session && check(session, { ...signed, now: this.#binder.now() });
    };
    // Most wrong proofs are refused without a store call.
    if (next() === undefined) return false;
    return this.#context.engine.update(state, () => {
      const binding = next();
      state.newBinding = binding;
      return binding !== undefined;
    });
  }

  /** Whether a new sign-in in the same browser still waits for its registration. */
  #isAwaited({ at }: DeviceBinding): boolean {
    return this.#binder.now() - at <= CHALLENGE_LIFE;
  }

  /** @param state - The session, if it is known. */
  #wrong(answer: Answer, state?: SessionState): Answer {
    this.#reporter.rejected('proof', state && this.#subject(state));
    return answer;
  }

  /** The session that an event is about, as it counts now: the time to act for somebody may be over. */
  #subject({ base }: SessionState): SessionRecord {
    return recordAt(base!, this.#binder.now());
  }

  #challenge(state: SessionState, identifier: string): Answer {
    const challenge = this.#binder.challenges.issue('refresh', boundSessionOf(state)!, this.#binder.now());
    const header = `${quoted(challenge)};id=${quoted(identifier)}`;
    return { status: 403, headers: { 'Secure-Session-Challenge': header } };
  }

  /**
   * @param identifier - The identifier that the browser uses. With another one, the browser would delete the
   * binding.
   */
  #accepted(state: SessionState, identifier: string): Answer {
    const { cookie, options, now } = this.#binder;
    return {
      status: 200,
      headers: { 'Set-Cookie': cookie.header(boundSessionOf(state)!, now(), now() + options.lifetime) },
      body: {
        session_identifier: identifier,
        refresh_url: `${options.path}/refresh`,
        scope: { include_site: false },
        credentials: [{ type: 'cookie', name: options.cookieName, attributes: cookie.attributes }],
        // Every site. Otherwise a user who follows a link in an e-mail would appear signed out.
        allowed_refresh_initiators: ['*'],
      },
    };
  }
}

/** Returns the new state of a binding for a correct proof. */
type ProofCheck = (session: BoundSession, signed: AnsweredChallenge) => DeviceBinding | undefined;

/** The path that the browser requested, even if the application is mounted below another path. */
function pathOf({ originalUrl, url }: SessionRequest & { readonly originalUrl?: string }): string {
  const [path = ''] = (originalUrl ?? url ?? '').split('?', 1);
  return path;
}

/** Host and scheme are ignored, because a proxy may change them. */
function pathIn(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).pathname : undefined;
}

function answerTo(error: unknown): Answer | undefined {
  // After a concurrent step-up, the session looks ended here. The next attempt shows whether it still exists.
  const mayBeThere = [SessionStoreError, SessionConflictError, SessionEndedError];
  return mayBeThere.some((type) => error instanceof type) ? LATER : undefined;
}

function send(res: ServerResponse, { status, headers, body }: Answer): void {
  const text = body === undefined ? '' : JSON.stringify(body);
  res.writeHead(status, {
    'Cache-Control': 'no-store',
    'Cross-Origin-Resource-Policy': 'same-origin',
    ...(body && { 'Content-Type': 'application/json' }),
    'Content-Length': Buffer.byteLength(text),
    ...headers,
  });
  res.end(text);
}
