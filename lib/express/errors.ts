import { confidentialIn, safeError } from '../core/store/safe-error.js';
import { SessionEndedError } from '../errors/session-ended.error.js';
import { SessionStoreError } from '../errors/session-store.error.js';
import { cleanedMessage } from './cleaned-message.js';

/**
 * The error that the application gets: the error of the store, as in express-session. If that error contains more than
 * its class, its codes and a safe message, it is a copy without the rest.
 */
export function errorFor(error: unknown): unknown {
  if (error instanceof SessionStoreError && error.cause !== undefined) return error.cause;
  if (error instanceof SessionEndedError) return new Error('failed to load session', { cause: error });
  return error;
}

/** The error of a store that the application called directly. */
export function errorOfStore<Failure>(error: Failure, id: string): Failure {
  return safeError(error, confidentialIn([id]), cleanedMessage) as Failure;
}
