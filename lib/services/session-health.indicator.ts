import { Inject, Injectable } from '@nestjs/common';
import { randomSecret } from '../core/record/session-id.js';
import { within } from '../core/record/time-limit.js';
import { messages } from '../errors/messages.js';
import { SessionStoreError } from '../errors/session-store.error.js';
import { type Duration, duration } from '../options/option-checks.js';
import { SESSION_RUNTIME } from '../session.constants.js';
import type { SessionRuntime } from '../session.runtime.js';

/** The state of the session store, in the form of `@nestjs/terminus`. */
export type SessionHealth<Key extends string = string> = Record<
  Key,
  {
    readonly status: 'up' | 'down';
    /** Why it is down. The event `storeError` has the driver's message. */
    readonly message?: string;
  }
>;

/** Options of {@link SessionHealthIndicator.isHealthy}. */
export interface SessionHealthOptions {
  /**
   * How long the store may take to answer: milliseconds, or a duration such as `'1s'`. A value above `storeTimeout` has
   * no effect.
   *
   * @defaultValue the option `storeTimeout` of the module
   */
  readonly timeout?: Duration;
}

/**
 * A health indicator in the format of `@nestjs/terminus`. It checks whether the session store answers.
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

  /** Nest calls it. @internal */
  constructor(@Inject(SESSION_RUNTIME) runtime: SessionRuntime) {
    this.#runtime = runtime;
  }

  /**
   * Reads a session that does not exist. It shares round trips with requests and with other checks. If the store fails,
   * or takes longer than `storeTimeout`, a `storeError` event is emitted, as for any request. It never rejects: an
   * invalid `timeout` is reported as `down`, too.
   *
   * @param key - The name of the result.
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
    const answer = Promise.resolve(this.#runtime.shared.read(randomSecret()));
    if (limit === undefined) await answer;
    else await within(limit, answer, () => new SessionStoreError(messages.healthTimeout(limit)));
  }
}
