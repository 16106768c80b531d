import type { ExecutionContext } from '@nestjs/common';
import type { SessionData } from '../core/session-data.js';
import type { SessionObject } from '../core/session.js';
import { loadSession } from '../http/load-session.js';
import { asWsException } from '../websocket/ws-errors.js';
import { requestOf } from './request-of.js';
import { asRpcException } from './rpc-errors.js';

/** Calls a function with the session of an execution context, loaded if necessary. */
export function withSession<Result>(
  context: ExecutionContext,
  use: (session: SessionObject & SessionData) => Result | Promise<Result>,
): Promise<Result> {
  return withClientErrors(context, useSession(context, use));
}

async function useSession<Result>(
  context: ExecutionContext,
  use: (session: SessionObject & SessionData) => Result | Promise<Result>,
): Promise<Result> {
  return use(await loadSession(requestOf(context)));
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
