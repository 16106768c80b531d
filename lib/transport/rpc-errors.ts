import { Logger } from '@nestjs/common';
import { SessionAccessError } from '../errors/session-access.error.js';
import { SessionError } from '../errors/session.error.js';

const logger = new Logger('SessionModule');

/**
 * An error as the exception whose content Nest sends to the client of a microservice: any other error is an "Internal
 * server error" there. Errors that are not of this package stay what they are.
 */
export async function asRpcException(error: unknown): Promise<unknown> {
  if (!(error instanceof SessionError || error instanceof SessionAccessError)) return error;
  const { statusCode, code, message } = error;
  // Nest logs what is no such exception by itself.
  if (statusCode >= 500) logger.error(error);
  // An application with microservices has the package, and nobody else comes here.
  const { RpcException } = await import('@nestjs/microservices');
  const details = error instanceof SessionAccessError ? error.details : {};
  const exception = new RpcException({ status: 'error', statusCode, code, message, ...details });
  return Object.defineProperty(exception, 'cause', { value: error });
}
