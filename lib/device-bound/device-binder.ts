import type { IncomingMessage } from 'node:http';
import type { Commit } from '../core/engine/session-engine.js';
import type { SessionMeta } from '../core/record/session-meta.js';
import type { SessionRecord } from '../core/record/session-record.js';
import type { SessionState } from '../core/request/session-state.js';
import { SessionLockedError } from '../errors/session-locked.error.js';
import { isSecure } from '../http/connection.js';
import type { DeviceGate, DeviceHeaders } from '../http/exchange.js';
import type { ResolvedDeviceBound } from '../options/device-bound-options.js';
import { BoundCookie } from './bound-cookie.js';
import { CHALLENGE_LIFE, Challenges } from './challenges.js';
import { DeviceIdentifiers } from './device-identifiers.js';
import { DeviceSeal } from './device-seal.js';
import { lockReasonOf } from './lock-reason.js';
import { quoted } from './structured-header.js';

/** Options of {@link DeviceBinder}. */
export interface DeviceBinderOptions {
  readonly options: ResolvedDeviceBound;
  readonly secrets: readonly (string | Buffer)[];
  /** Whether to trust `X-Forwarded-Proto`; undefined uses the setting of the framework. */
  readonly proxy: boolean | undefined;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
}

/** Decides which sessions may be opened, and asks browsers to bind the sessions of users who sign in. */
export class DeviceBinder implements DeviceGate {
  readonly options: ResolvedDeviceBound;
  readonly cookie: BoundCookie;
  readonly challenges: Challenges;
  readonly identifiers: DeviceIdentifiers;
  readonly now: () => number;
  readonly #proxy: boolean | undefined;

  constructor({ options, secrets, proxy, now }: DeviceBinderOptions) {
    const seal = new DeviceSeal(secrets);
    this.options = options;
    this.cookie = new BoundCookie(options, seal);
    this.challenges = new Challenges(seal);
    this.identifiers = new DeviceIdentifiers(seal);
    this.now = now;
    this.#proxy = proxy;
  }

  /** Whether a request came over a secure connection. Sessions are bound only over secure connections. */
  isSecure(request: IncomingMessage): boolean {
    return isSecure(request, this.#proxy);
  }

  lockOf(
    request: IncomingMessage,
    { key, userId }: SessionRecord,
    { device: binding }: SessionMeta,
    connectedAt: number | undefined,
  ): SessionLockedError | undefined {
    const now = this.now();
    const reason = lockReasonOf({
      binding,
      owner: userId,
      require: this.options.require,
      now,
      isProved: () => this.cookie.isIn(request, { key, binding: binding! }, connectedAt ?? now),
    });
    return reason && new SessionLockedError(reason);
  }

  /**
   * When a session ends, its device cookie is deleted. After a sign-in, the browser is asked to bind the session and
   * gets a first cookie, because requests that it sends before it has the next cookie may still be in flight when the
   * key is registered.
   */
  headersFor(commit: Commit, state: SessionState, request: IncomingMessage): DeviceHeaders | undefined {
    if (commit.cookie === 'clear')
      return this.cookie.isSentBy(request) ? { setCookie: [this.cookie.expiredHeader] } : undefined;
    const { askedBinding: asked, key } = state;
    const { device: binding } = state.meta;
    const isAsked = asked !== undefined && asked.epoch === binding?.epoch && asked.at === binding.at;
    if (!isAsked || state.status !== 'loaded' || !this.isSecure(request)) return undefined;
    const session = { key, binding };
    const now = this.now();
    const challenge = this.challenges.issue('register', session, now);
    const path = `${this.options.path}/register`;
    return {
      setCookie: [this.cookie.header(session, now, now + CHALLENGE_LIFE)],
      registration: `(ES256 RS256);path=${quoted(path)};challenge=${quoted(challenge)}`,
    };
  }
}
