import { looksLikeSeconds, type SessionLifetimes } from '../core/record/lifetime.js';
import { messages } from '../errors/messages.js';
import type { ResolvedCookie } from './cookie-options.js';
import type { SessionModuleOptions } from './session-options.interface.js';

/** Warnings about durations that are accepted but probably not intended. */
export function adviceOn(
  options: SessionModuleOptions,
  cookie: ResolvedCookie,
  { absoluteTimeout }: SessionLifetimes,
): string[] {
  const given = typeof options.cookie === 'function' ? undefined : options.cookie?.maxAge;
  const durations = {
    'cookie.maxAge': given,
    idleTimeout: options.idleTimeout,
    absoluteTimeout: options.absoluteTimeout,
  };
  const advice = Object.entries(durations).flatMap(([name, value]) =>
    typeof value === 'number' && looksLikeSeconds(value)
      ? [messages.seconds(`SessionModule option "${name}"`, value)]
      : [],
  );
  const life = cookie.fixed?.maxAge;
  if (life != null && absoluteTimeout !== false && life > absoluteTimeout)
    advice.push(messages.lifeCapped('SessionModule option "cookie.maxAge"', life, absoluteTimeout));
  return advice;
}
