import { clearTimeout, setTimeout } from 'node:timers';

/** The longest delay a timer can count, in milliseconds: 24 days. A longer one would fire at once. */
export const LONGEST_DELAY = 2 ** 31 - 1;

/**
 * The outcome of a promise, if it settles within so many milliseconds. The timer does not keep the process alive.
 *
 * @param lateError - Makes the error for a promise that does not.
 */
export async function within<Result>(
  milliseconds: number,
  promise: PromiseLike<Result>,
  lateError: () => Error,
): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(lateError()), Math.min(milliseconds, LONGEST_DELAY)).unref();
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
