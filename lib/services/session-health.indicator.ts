import { Inject, Injectable } from '@nestjs/common';
import { randomSecret } from '../core/record/session-id.js';
import { within } from '../core/record/time-limit.js';
import { messages } from '../errors/messages.js';
import { SessionStoreError } from '../errors/session-store.error.js';
import { type Duration, duration } from '../options/option-checks.js';
import { SESSION_RUNTIME } from '../session.constants.js';
import type { SessionRuntime } from '../session.runtime.js';

/** Whether the session store answers, as `@nestjs/terminus` reads it. */
export type SessionHealth<Key extends string = string> = Record<
  Key,
  {
    readonly status: 'up' | 'down';
    /** Why it is down, without the driver's own words: those are with the event `storeError`. */
    readonly message?: string;
  }
>;

/** What {@link SessionHealthIndicator.isHealthy} may be told. */
export interface SessionHealthOptions {
  /**
   * How long the store may take to answer: milliseconds, or a duration such as `'1s'`. More than `storeTimeout` it never
   * gets.
   *
   * @defaultValue the option `storeTimeout` of the module
   */
  readonly timeout?: Duration;
}

/**
 * Says whether the session store answers: a health indicator for `@nestjs/terminus`, which it does not need.
 *
 * @example
 * ```ts
 * @Get('health') @HealthCheck()
 * check() {
 *   return this.health.check([() => this.sessions.isHealthy('session', { timeout: '1s' })]);
 * }
 * ```
 */
@Injectable()
export class SessionHealthIndicator {
  readonly #runtime: SessionRuntime;

  constructor(@Inject(SESSION_RUNTIME) runtime: SessionRuntime) {
    this.#runtime = runtime;
  }

  /**
   * Asks the store for a session that cannot be there, on the way that requests take: with them, and with other checks
   * at the same time, it shares a round trip. A store that fails, or takes longer than `storeTimeout`, is told of as
   * `storeError`, as with any request. Never rejects: a `timeout` that is no duration is `down`, too.
   *
   * @param key - What the result is called.
   * @returns `{ [key]: { status: 'up' } }`, or `{ [key]: { status: 'down', message } }`.
   */
  async isHealthy<Key extends string = 'session'>(
    key: Key = 'session' as Key,
    options: SessionHealthOptions = {},
  ): Promise<SessionHealth<Key>> {
    try {
      await this.#answer(options);
      return { [key]: { status: 'up' } } as SessionHealth<Key>;
    } catch (error) {
      return { [key]: { status: 'down', message: (error as Error).message } } as SessionHealth<Key>;
    }
  }

  async #answer({ timeout }: SessionHealthOptions): Promise<void> {
    const limit = timeout === undefined ? undefined : duration('isHealthy timeout', timeout);
    const answer = this.#runtime.shared.read(randomSecret());
    if (limit === undefined) await answer;
    else await within(limit, answer, () => new SessionStoreError(messages.healthTimeout(limit)));
  }
}
