import type { ServerResponse } from 'node:http';
import type { DeviceBinding } from '../core/record/device-binding.js';
import type { SessionReporter } from '../core/record/session-reporter.js';
import type { SessionState } from '../core/request/session-state.js';
import { SessionConflictError } from '../errors/session-conflict.error.js';
import { SessionEndedError } from '../errors/session-ended.error.js';
import { SessionStoreError } from '../errors/session-store.error.js';
import type { ExchangeContext } from '../http/exchange.js';
import type { SessionRequest } from '../http/request-session.js';
import type { SessionMiddleware } from '../http/session.middleware.js';
import { CHALLENGE_LIFE } from './challenges.js';
import type { DeviceBinder } from './device-binder.js';
import { DeviceExchange } from './device-exchange.js';
import { type DeviceProof, readProof } from './device-proof.js';
import { DeviceRegistrar, sessionOf } from './device-registrar.js';
import { quoted, stringIn } from './structured-header.js';

/** An answer to a browser. */
interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
}

/** The browser gives the binding up: there is no session any more. */
const GIVE_UP: Answer = { status: 401 };
/** The browser gives its attempt up. */
const REFUSED: Answer = { status: 403 };
/** The browser tries again later, and the binding stays. */
const LATER: Answer = { status: 503, headers: { 'Retry-After': '1' } };

/** Longer identifiers are none of this module's. */
const LONGEST_ID = 64;

/** Answers the two requests that browsers send by themselves: a registration after a sign-in, and a proof whenever one is due. */
export class DeviceEndpoints {
  readonly #context: ExchangeContext;
  readonly #binder: DeviceBinder;
  readonly #reporter: SessionReporter;
  readonly #registrar: DeviceRegistrar;
  readonly #answers: ReadonlyMap<string, (request: SessionRequest) => Promise<Answer>>;

  constructor(context: ExchangeContext, binder: DeviceBinder, reporter: SessionReporter) {
    this.#context = context;
    this.#binder = binder;
    this.#reporter = reporter;
    this.#registrar = new DeviceRegistrar(binder);
    const { path } = binder.options;
    this.#answers = new Map([
      [`${path}/register`, (request) => this.#register(request)],
      [`${path}/refresh`, (request) => this.#refresh(request)],
    ]);
  }

  /** Answers requests to the two paths, and passes all others on. */
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
    const proof = readProof(request.headers['secure-session-response']);
    if (proof === undefined) return REFUSED;
    const state = await new DeviceExchange(this.#context, request).open();
    if (state.base === undefined) return GIVE_UP;
    const isBound = await this.#keep(state, () => this.#registrar.registered(state, proof));
    if (!isBound) return this.#wrong(state, REFUSED);
    this.#reporter.bound(state.base);
    return this.#accepted(state);
  }

  async #refresh(request: SessionRequest): Promise<Answer> {
    // Pages of other sites cannot send this header, so they cannot find out by the time it takes who is signed in.
    const id = stringIn(request.headers['sec-secure-session-id'], LONGEST_ID);
    if (id === undefined) return REFUSED;
    const exchange = new DeviceExchange(this.#context, request);
    const state = await exchange.open();
    // A cookie that was renewed while the request was under way: the next one brings the new one.
    if (exchange.refusedAs === 'superseded') return LATER;
    const { base, binding } = state;
    if (base === undefined || binding?.id !== id) return GIVE_UP;
    if (binding.key === undefined) return this.#isAwaited(binding) ? LATER : GIVE_UP;
    const header = request.headers['secure-session-response'];
    if (header === undefined) return this.#challenge(state);
    const proof = readProof(header);
    const isProved = proof !== undefined && (await this.#isProved(state, proof));
    if (!isProved) return this.#wrong(state, this.#challenge(state));
    this.#reporter.proved(base);
    return this.#accepted(state);
  }

  #isProved(state: SessionState, proof: DeviceProof): Promise<boolean> {
    return this.#keep(state, () => this.#registrar.proved(state, proof));
  }

  /** Stores what a proof has made of the binding, if it is right. Of proofs that use the same challenge at once, one is. */
  async #keep(state: SessionState, next: () => DeviceBinding | undefined): Promise<boolean> {
    // Most wrong proofs are found without the store.
    if (next() === undefined) return false;
    return this.#context.engine.update(state, () => {
      const binding = next();
      if (binding !== undefined) state.binding = binding;
      return binding !== undefined;
    });
  }

  /** Whether a new sign-in in the same browser still waits for its registration. */
  #isAwaited({ at }: DeviceBinding): boolean {
    return this.#binder.now() - at <= CHALLENGE_LIFE;
  }

  #wrong({ base }: SessionState, answer: Answer): Answer {
    this.#reporter.rejected('proof', base);
    return answer;
  }

  #challenge(state: SessionState): Answer {
    const session = sessionOf(state)!;
    const challenge = this.#binder.challenges.issue('refresh', session, this.#binder.now());
    const header = `${quoted(challenge)};id=${quoted(session.binding.id)}`;
    return { status: 403, headers: { 'Secure-Session-Challenge': header } };
  }

  #accepted(state: SessionState): Answer {
    const { cookie, options, now } = this.#binder;
    const session = sessionOf(state)!;
    return {
      status: 200,
      headers: { 'Set-Cookie': cookie.header(session, now(), now() + options.lifetime) },
      body: {
        session_identifier: session.binding.id,
        refresh_url: `${options.path}/refresh`,
        scope: { include_site: false },
        credentials: [{ type: 'cookie', name: options.cookieName, attributes: cookie.attributes }],
        // Whoever links here: else a link in an e-mail would find its reader signed out.
        allowed_refresh_initiators: ['*'],
      },
    };
  }
}

/** The path that the browser has asked for, wherever the application is mounted. */
function pathOf({ originalUrl, url }: SessionRequest & { readonly originalUrl?: string }): string {
  const [path = ''] = (originalUrl ?? url ?? '').split('?', 1);
  return path;
}

function answerTo(error: unknown): Answer | undefined {
  if (error instanceof SessionStoreError || error instanceof SessionConflictError) return LATER;
  return error instanceof SessionEndedError ? GIVE_UP : undefined;
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
