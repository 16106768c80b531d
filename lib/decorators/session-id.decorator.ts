import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Answer } from '../core/store/shared-store.js';
import { withSession } from '../transport/with-session.js';

/**
 * Injects the secret session id. Never log it or send it anywhere. Use `session.handle` as the public name.
 *
 * @example
 * ```ts
 * @Get() get(@SessionId() id: string) { … }
 * ```
 */
export const SessionId: () => ParameterDecorator = createParamDecorator(
  (_: unknown, context: ExecutionContext): Answer<string> => withSession(context, ({ id }) => id),
);
