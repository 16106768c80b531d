import type { ExecutionContext } from '@nestjs/common';
import type { SessionData } from '../core/session-data.js';
import type { SessionObject } from '../core/session.js';
import type { Answer } from '../core/store/shared-store.js';
import { peekSession } from '../http/load-session.js';
import { asWsException } from '../websocket/ws-errors.js';
import { requestOf } from './request-of.js';
import { asRpcException } from './rpc-errors.js';

type Use<Result> = (session: SessionObject & SessionData) => Answer<Result>;

/**
 * Calls a function with the session of an execution context, loaded if necessary. If it gives the application an object out of
 * the data, it has to call `handOut()`.
 */
export function withSession<Result>(context: ExecutionContext, use: Use<Result>): Answer<Result> {
  if (TRANSLATE[context.getType<string>()] === undefined) return useSession(context, use);
  const later = async (): Promise<Result> => useSession(context, use);
  return withClientErrors(context, later());
}

function useSession<Result>(context: ExecutionContext, use: Use<Result>): Answer<Result> {
  const session = peekSession(requestOf(context));
  return session instanceof Promise ? session.then(use) : use(session);
}

/** The outcome of a promise, with errors converted for the client of the context. */
export function withClientErrors<Result>(context: ExecutionContext, work: Promise<Result>): Promise<Result> {
  const translate = TRANSLATE[context.getType<string>()];
  if (translate === undefined) return work;
  return work.catch(async (error: unknown) => {
    throw await translate(error, context);
  });
}

/** How errors are converted, by context. For HTTP and GraphQL, Nest uses the errors of the package unchanged. */
const TRANSLATE: Record<string, (error: unknown, context: ExecutionContext) => Promise<unknown>> = {
  ws: (error, context) => {
    const ws = context.switchToWs();
    return asWsException(error, { pattern: ws.getPattern(), data: ws.getData<unknown>() });
  },
  rpc: asRpcException,
};
