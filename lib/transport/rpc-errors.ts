import { Logger } from '@nestjs/common';
import { SessionAccessError } from '../errors/access/session-access.error.js';
import { SessionError } from '../errors/session.error.js';

const logger = new Logger('SessionModule');

/**
 * Converts an error of this package to an `RpcException`, whose content Nest sends to the client. Any other error is an
 * "Internal server error" there.
 */
export async function asRpcException(error: unknown): Promise<unknown> {
  if (!(error instanceof SessionError || error instanceof SessionAccessError)) return error;
  const { statusCode, code, message } = error;
  // Nest does not log an RpcException.
  if (statusCode >= 500) logger.error(error);
  // Only applications with microservices reach this line, and they have the package.
  const { RpcException } = await import('@nestjs/microservices');
  const details = error instanceof SessionAccessError ? error.details : {};
  const exception = new RpcException({ status: 'error', statusCode, code, message, ...details });
  return Object.defineProperty(exception, 'cause', { value: error });
}
