import type { ExecutionContext } from '@nestjs/common';
import type { SessionData } from '../core/session-data.js';
import type { SessionObject } from '../core/session.js';
import { loadSession } from '../http/load-session.js';
import { asWsException } from '../websocket/ws-errors.js';
import { requestOf } from './request-of.js';

/** Does something with the session of an execution context, loaded if it is not yet. */
export function withSession<Result>(
  context: ExecutionContext,
  use: (session: SessionObject & SessionData) => Result | Promise<Result>,
): Promise<Result> {
  return told(context, loadSession(requestOf(context)).then(use));
}

/** What is under way for a context, with errors that its client is told of. */
export function told<Result>(context: ExecutionContext, work: Promise<Result>): Promise<Result> {
  if (context.getType<string>() !== 'ws') return work;
  return work.catch(async (error: unknown) => {
    const ws = context.switchToWs();
    throw await asWsException(error, { pattern: ws.getPattern(), data: ws.getData<unknown>() });
  });
}
