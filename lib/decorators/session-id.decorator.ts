import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Answer } from '../core/store/shared-store.js';
import { withSession } from '../transport/with-session.js';

/**
 * Injects the secret session id. Never log it or hand it on: `session.handle` is the name to show.
 *
 * @example
 * ```ts
 * @Get() get(@SessionId() id: string) { … }
 * ```
 */
export const SessionId: () => ParameterDecorator = createParamDecorator(
  (_: unknown, context: ExecutionContext): Answer<string> => withSession(context, ({ id }) => id),
);
