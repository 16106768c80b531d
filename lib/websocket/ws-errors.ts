import { Logger } from '@nestjs/common';
import { SessionAccessError } from '../errors/access/session-access.error.js';
import { SessionError } from '../errors/session.error.js';

/** The message that caused an error, as Nest's own filter sends it to clients. */
export interface RefusedMessage {
  readonly pattern: string;
  readonly data: unknown;
}

const logger = new Logger('SessionModule');

/**
 * Converts an error of this package to a `WsException`, which Nest's filter sends to the client with its code. Any other error
 * is an "Internal server error" there.
 */
export async function asWsException(error: unknown, cause?: RefusedMessage): Promise<unknown> {
  if (!(error instanceof SessionError || error instanceof SessionAccessError)) return error;
  const { statusCode, code, message } = error;
  // Nest does not log a WsException.
  if (statusCode >= 500) logger.error(error);
  // Only applications with gateways reach this line, and they have the package.
  const { WsException } = await import('@nestjs/websockets');
  const details = error instanceof SessionAccessError ? error.details : {};
  const content = { status: 'error', statusCode, code, message, ...details, ...(cause && { cause }) };
  const exception = new WsException(content);
  return Object.defineProperty(exception, 'cause', { value: error });
}

/** Sends an error to a client after its message was handled, as Nest's own filter does. */
export async function tellClient(client: object, error: unknown): Promise<void> {
  const { BaseWsExceptionFilter } = await import('@nestjs/websockets');
  const exception = (await asWsException(error)) as Error;
  new BaseWsExceptionFilter().handleError(client as { emit: () => void }, exception, undefined);
}
