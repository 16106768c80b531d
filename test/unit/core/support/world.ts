import type { Commit } from '../../../../lib/core/engine/session-engine.js';
import type { SessionSettings } from '../../../../lib/core/request/session-rules.js';
import type { SessionHost } from '../../../../lib/core/request/session-host.js';
import type { TokenCodec } from '../../../../lib/core/record/token-codec.js';
import type { SessionLifetimes } from '../../../../lib/core/record/lifetime.js';
import { SessionCalls } from '../../../../lib/core/request/session-calls.js';
import type { CookieDefaults, SessionCookie } from '../../../../lib/core/record/session-cookie.js';
import { SessionEngine } from '../../../../lib/core/engine/session-engine.js';
import { type SessionEvent, SessionEventHub } from '../../../../lib/core/record/session-events.js';
import { KeyedIds, partsOf } from '../../../../lib/core/record/session-id.js';
import type { SessionState } from '../../../../lib/core/request/session-state.js';
import { NEST_PROFILE, presentSession, type SessionObject } from '../../../../lib/core/session.js';
import { SharedStore } from '../../../../lib/core/store/shared-store.js';
import type { SessionStoreError } from '../../../../lib/errors/session-store.error.js';
import { FakeStore } from './fake-store.js';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** A session as these tests write to it. */
export type AnySession = SessionObject & Record<string, unknown>;

export interface WorldOptions extends Omit<Partial<SessionSettings>, 'lifetimes'> {
  lifetimes?: Partial<SessionLifetimes>;
  store?: FakeStore;
}

/** An engine with everything around it in the hands of the test: store, clock, cookies, connection. */
export class World {
  now = Date.UTC(2025, 0, 1);
  readonly store: FakeStore;
  readonly events: SessionEvent[] = [];
  readonly failures: SessionStoreError[] = [];
  readonly engine: SessionEngine;

  constructor({ lifetimes, store = new FakeStore(), ...settings }: WorldOptions = {}) {
    this.store = store;
    const hub = new SessionEventHub();
    hub.subscribe((event) => this.events.push(event));
    const shared = new SharedStore(store, { timeout: 60_000, onError: (error) => this.failures.push(error) });
    this.engine = new SessionEngine(
      {
        now: () => this.now,
        lifetimes: {
          idleTimeout: DAY,
          absoluteTimeout: 30 * DAY,
          touchInterval: MINUTE,
          rotateInterval: false,
          rotationGrace: 30 * SECOND,
          ...lifetimes,
        },
        durationOf: (_, given) => Number(given),
        idleFollowsCookie: false,
        profile: NEST_PROFILE,
        ids: new KeyedIds(),
        userIdOf: (data) => (data as { userId?: unknown }).userId,
        schema: undefined,
        maxSessionsPerUser: undefined,
        maxDataBytes: 1024 * 1024,
        trackDevice: true,
        resave: false,
        saveUninitialized: false,
        rolling: 'touch',
        onStoreError: 'fail',
        ...settings,
      },
      store,
      shared,
      hub,
      presentSession,
    );
  }

  /** Another process with the same store and the same clock. */
  another(settings: WorldOptions = {}): World {
    return new World({ store: this.store, now: () => this.now, ...settings });
  }

  /** A request that brings these cookie values (none for undefined), its session loaded. */
  async visit(token: string | readonly string[] | undefined, options: VisitOptions = {}): Promise<Visit> {
    const visit = new Visit(this.engine, options);
    const tokens = token === undefined ? [] : typeof token === 'string' ? [token] : token;
    visit.state = await this.engine.open(tokens, visit);
    return visit;
  }

  /** One request from beginning to end; answers what it was told about its cookie, and the cookie it then has. */
  async request(
    token: string | undefined,
    work: (session: AnySession, visit: Visit) => unknown = () => undefined,
    options: VisitOptions = {},
  ): Promise<{ token: string | undefined; commit: Commit; visit: Visit }> {
    const visit = await this.visit(token, options);
    await work(visit.session, visit);
    const commit = await visit.commit();
    return { commit, visit, token: tokenAfter(token, commit) };
  }

  /** The cookie of a new session that holds this. */
  async begin(data: object = { cart: [1] }, options: VisitOptions = {}): Promise<string> {
    const { token } = await this.request(undefined, (session) => Object.assign(session, data), options);
    if (token === undefined) throw new Error('The session got no cookie.');
    this.store.calls.length = 0;
    this.events.length = 0;
    return token;
  }

  /** What a next request with this cookie finds in its session; undefined where it finds none. */
  async peek(token: string | undefined): Promise<Record<string, unknown> | undefined> {
    const { session } = await this.visit(token);
    return session.isNew ? undefined : { ...session };
  }

  /** The data of the one row. */
  get data(): unknown {
    return JSON.parse(this.store.row.data) as unknown;
  }

  /** The types of what happened, in order. */
  get happened(): string[] {
    return this.events.map(({ type }) => type);
  }
}

export interface VisitOptions {
  cookie?: CookieDefaults;
  /** Whether the connection can carry a secure cookie. */
  secure?: boolean;
  headersSent?: boolean;
  /** Whether a shared cache may store the response. */
  isShared?: boolean;
  /** Whether the request only looks. */
  isPassive?: boolean;
  ip?: string;
  userAgent?: string;
}

/** One request, as the engine sees it. */
export class Visit implements SessionHost<SessionState> {
  readonly request = { url: '/' };
  readonly codec: TokenCodec = {
    open: (token) => (token.startsWith('ok:') ? { id: token.slice(3) } : { rejected: 'signature' }),
    seal: (id) => `ok:${id}`,
  };
  readonly cookieDefaults: CookieDefaults;
  readonly calls = new SessionCalls(60_000, () => undefined);
  headersSent: boolean;
  isShared: boolean;
  isPassive: boolean;
  secure: boolean;
  state!: SessionState;
  /** Whether `req.session` is gone. */
  gone = false;
  readonly #device: { ip: string; userAgent: string };
  #session: AnySession | undefined;

  constructor(
    private readonly engine: SessionEngine,
    options: VisitOptions,
  ) {
    this.cookieDefaults = options.cookie ?? { httpOnly: true, secure: true, sameSite: 'lax', path: '/' };
    this.headersSent = options.headersSent ?? false;
    this.isShared = options.isShared ?? false;
    this.isPassive = options.isPassive ?? false;
    this.secure = options.secure ?? true;
    this.#device = { ip: options.ip ?? '192.0.2.1', userAgent: options.userAgent ?? 'Test/1.0' };
  }

  /** `req.session`: made when the application first looks. */
  get session(): AnySession {
    return (this.#session ??= this.engine.present(this.state) as AnySession);
  }

  async commit(): Promise<Commit> {
    await this.calls.idle();
    this.calls.throwFailure();
    return this.engine.commit(this.state);
  }

  /** The cookie of the answer, also where that is an error: one whose id is stored goes out with it. */
  async answer(): Promise<{ commit: Commit; error?: unknown }> {
    try {
      return { commit: await this.commit() };
    } catch (error) {
      return { commit: this.engine.cookieOf(this.state), error };
    }
  }

  get renewal(): 'possible' | 'later' | 'impossible' {
    if (this.headersSent && !this.isPassive) return 'impossible';
    return this.isShared || this.isPassive ? 'later' : 'possible';
  }

  countAsUse(): void {
    this.isPassive = false;
  }

  get cookieSettled(): boolean {
    return this.headersSent;
  }

  lockOf(): undefined {
    return undefined;
  }

  canSend(cookie: SessionCookie): boolean {
    return !this.headersSent && (this.secure || cookie.secure !== true);
  }

  /** The warnings of this request. */
  readonly warnings: string[] = [];

  warnOnce(message: string): void {
    this.warnings.push(message);
  }

  device(): { ip: string; userAgent: string } {
    return this.#device;
  }

  setCurrent(state: SessionState | undefined): void {
    this.gone = state === undefined;
    if (state === undefined) return;
    this.state = state;
    this.#session = undefined;
  }

  putBack(): void {
    this.gone = false;
  }
}

/** The key of the session that a cookie leads to. */
export function keyIn(token: string | undefined): string {
  return partsOf(token!.slice(3)).key;
}

/** What a browser holds after an answer. */
export function tokenAfter(token: string | undefined, commit: Commit): string | undefined {
  return commit.cookie === 'set' ? commit.token : commit.cookie === 'clear' ? undefined : token;
}
