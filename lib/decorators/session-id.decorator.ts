import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { loadSession } from '../http/load-session.js';
import { requestOf } from '../http/request-of.js';

/**
 * Injects the secret session id. Never log it or hand it on: `session.handle` is the name to show.
 *
 * @example
 * ```ts
 * @Get() get(@SessionId() id: string) { … }
 * ```
 */
export const SessionId: () => ParameterDecorator = createParamDecorator(
  async (_: unknown, context: ExecutionContext): Promise<string> =>
    (await loadSession(requestOf(context))).id,
);
