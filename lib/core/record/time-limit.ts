import { clearTimeout, setTimeout } from 'node:timers';

/** The longest delay of a timer, in milliseconds: 24 days. A longer one would fire at once. */
export const LONGEST_DELAY = 2 ** 31 - 1;

/** Whether a promise is fulfilled within the given milliseconds. The timer does not keep the process alive. */
export async function comesWithin(milliseconds: number, promise: PromiseLike<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), Math.min(milliseconds, LONGEST_DELAY)).unref();
  });
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The outcome of a promise that settles within so many milliseconds.
 *
 * @throws what `lateError` makes for one that does not.
 */
export async function within<Result>(
  milliseconds: number,
  promise: PromiseLike<Result>,
  lateError: () => Error,
): Promise<Result> {
  if (await comesWithin(milliseconds, promise)) return promise;
  throw lateError();
}
