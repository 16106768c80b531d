import ms from 'ms';
import { describe, show } from '../errors/describe.js';
import { messages } from '../errors/messages.js';
import { SessionOptionsError } from '../errors/session-options.error.js';

/** Milliseconds, or a string such as `'30m'`, `'12h'`, `'7 days'`. */
export type Duration = number | string;

/** The longest duration: a hundred years, in milliseconds. */
const LONGEST = 100 * 365.25 * 24 * 60 * 60 * 1000;

/** Throws an error that names the option, the given value and the accepted ones. */
export function refuse(name: string, given: unknown, accepted: string): never {
  throw new SessionOptionsError(messages.option(name, show(given), accepted));
}

/** The same for a value that may contain a secret: the error names only its type. */
export function refuseWithoutValue(name: string, given: unknown, accepted: string): never {
  throw new SessionOptionsError(messages.option(name, describe(given), accepted));
}

/** A duration in milliseconds. */
export function duration(name: string, given: unknown, { zero = false, also = '' } = {}): number {
  const value =
    typeof given === 'string' && /[a-z]$/i.test(given) && given.length <= 100
      ? ms(given as ms.StringValue)
      : given;
  if (
    typeof value === 'number' &&
    Number.isFinite(value) &&
    (zero ? value >= 0 : value > 0) &&
    value <= LONGEST
  ) {
    return Math.round(value);
  }
  const range = zero ? 'of zero or more' : 'of more than zero';
  return refuse(
    name,
    given,
    `milliseconds or a duration such as "30m", ${range} and at most 100 years${also}`,
  );
}

/** One of some values; undefined means the default. */
export function oneOf<Value>(
  name: string,
  given: Value | undefined,
  accepted: readonly Value[],
  fallback: Value,
): Value {
  if (given === undefined) return fallback;
  if (accepted.includes(given)) return given;
  return refuse(name, given, accepted.map((value) => show(value)).join(', '));
}

/** True or false; undefined means the default. */
export function flag<Default>(
  name: string,
  given: boolean | undefined,
  fallback: Default,
): boolean | Default {
  if (given === undefined) return fallback;
  return typeof given === 'boolean' ? given : refuse(name, given, 'true or false');
}

/** A whole number of one or more; undefined means the default. */
export function count<Default>(name: string, given: number | undefined, fallback: Default): number | Default {
  if (given === undefined) return fallback;
  return Number.isSafeInteger(given) && given > 0
    ? given
    : refuse(name, given, 'a whole number of one or more');
}

/** A function; undefined means the default. */
export function func<F extends (...args: never[]) => unknown>(
  name: string,
  given: F | undefined,
  fallback: F,
): F {
  if (given === undefined) return fallback;
  return typeof given === 'function' ? given : refuse(name, given, 'a function');
}
