import type { ExecutionContext } from '@nestjs/common';
import { messages } from '../errors/messages.js';
import { SessionUsageError } from '../errors/session-usage.error.js';
import { exchangeOf } from '../http/request-session.js';
import { PASSIVE } from '../session.constants.js';
import { messageIn } from '../websocket/socket-message.js';
import { graphqlRequestOf } from './graphql-request.js';

/**
 * The request of an execution context, for any transport. For a WebSocket message it is a copy of the handshake's
 * request, with its own session.
 *
 * @throws SessionUsageError if there is none: messages of microservices have no cookie.
 */
export function requestOf(context: ExecutionContext): object {
  const request = noteHandler(context);
  if (request !== undefined) return ownRequest(request, context.getClass());
  const type = context.getType<string>();
  throw new SessionUsageError(type === 'rpc' ? messages.rpcHasNoSession : messages.noRequest(type));
}

/**
 * Records for the session of a context's request whether the handler is passive (`@PassiveSession()`).
 *
 * @returns The request, if there is one.
 */
export function noteHandler(context: ExecutionContext): object | undefined {
  const request = find(context);
  if (typeof request !== 'object' || request === null) return undefined;
  const isPassive = isPassiveHandler(context);
  // Other requests have one handler. Without the decorator, the option `passive` decides.
  if (isPassive !== undefined || context.getType<string>() === 'graphql')
    exchangeOf(request)?.use.handledBy(isPassive);
  return request;
}

/** What `@PassiveSession()` says, by class and method: decorators do not change while an application runs. */
const passiveHandlers = new WeakMap<object, WeakMap<object, boolean | undefined>>();

/** The decorator of the method overrides that of the class. */
function isPassiveHandler(context: ExecutionContext): boolean | undefined {
  const [method, type] = [context.getHandler(), context.getClass()];
  const known = passiveHandlers.get(type) ?? new WeakMap<object, boolean | undefined>();
  if (known.has(method)) return known.get(method);
  const [ofMethod, ofClass] = [method, type].map(
    (target) => Reflect.getMetadata(PASSIVE, target) as boolean | undefined,
  );
  passiveHandlers.set(type, known.set(method, ofMethod ?? ofClass));
  return ofMethod ?? ofClass;
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
