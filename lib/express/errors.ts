import { SessionEndedError } from '../errors/session-ended.error.js';
import { SessionStoreError } from '../errors/session-store.error.js';

/** An error as express-session passes it on: what the store said, where it said something. */
export function errorFor(error: unknown): unknown {
  if (error instanceof SessionStoreError && error.cause !== undefined) return error.cause;
  if (error instanceof SessionEndedError) return new Error('failed to load session', { cause: error });
  return error;
}
