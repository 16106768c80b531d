import { Logger } from '@nestjs/common';
import { SessionAccessError } from '../errors/session-access.error.js';
import { SessionError } from '../errors/session.error.js';

/** The message that an error is about, as Nest's own filter tells clients of it. */
export interface RefusedMessage {
  readonly pattern: string;
  readonly data: unknown;
}

const logger = new Logger('SessionModule');

/**
 * An error as the exception that Nest's filter for WebSockets hands on to the client, with its code: any other error is
 * an "Internal server error" there. Errors that are not of this package stay what they are.
 */
export async function asWsException(error: unknown, cause?: RefusedMessage): Promise<unknown> {
  if (!(error instanceof SessionError || error instanceof SessionAccessError)) return error;
  const { statusCode, code, message } = error;
  // Nest logs what is no such exception by itself.
  if (statusCode >= 500) logger.error(error);
  // An application with gateways has the package, and nobody else comes here.
  const { WsException } = await import('@nestjs/websockets');
  const details = error instanceof SessionAccessError ? error.details : {};
  const content = { status: 'error', statusCode, code, message, ...details, ...(cause && { cause }) };
  const exception = new WsException(content);
  return Object.defineProperty(exception, 'cause', { value: error });
}

/** Tells a client of an error after its message was handled, as Nest's own filter does. */
export async function tellClient(client: object, error: unknown): Promise<void> {
  const { BaseWsExceptionFilter } = await import('@nestjs/websockets');
  const exception = (await asWsException(error)) as Error;
  new BaseWsExceptionFilter().handleError(client as { emit: () => void }, exception, undefined);
}
