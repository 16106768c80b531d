import type { ExecutionContext } from '@nestjs/common';
import { messages } from '../errors/messages.js';
import { SessionUsageError } from '../errors/session-usage.error.js';
import { exchangeOf } from '../http/request-session.js';
import { messageIn } from '../websocket/socket-message.js';
import { graphqlRequestOf } from './graphql-request.js';

/**
 * The request of an execution context, for any transport. For a message of a WebSocket it is a copy of the handshake's
 * request, with a session of its own.
 *
 * @throws SessionUsageError if there is none: messages of microservices have no cookie.
 */
export function requestOf(context: ExecutionContext): object {
  const request = find(context);
  if (typeof request === 'object' && request !== null) return ownRequest(request, context.getClass());
  const type = context.getType<string>();
  throw new SessionUsageError(type === 'rpc' ? messages.rpcHasNoSession : messages.noRequest(type));
}

/** Checks that the session of a request is for the class of the handler, and not of another `SessionModule`. */
function ownRequest(request: object, type: object): object {
  const exchange = exchangeOf(request);
  if (exchange?.isFor(type) === false)
    throw new SessionUsageError(messages.otherModule(exchange.context.http.cookieName));
  return request;
}

function find(context: ExecutionContext): unknown {
  switch (context.getType<string>()) {
    case 'ws':
      return messageIn(context.getArgs(), context.getClass())?.request;
    case 'rpc':
      return undefined;
    case 'graphql':
      return graphqlRequestOf(context.getArgs(), context.getClass());
    default:
      return context.switchToHttp().getRequest();
  }
}
