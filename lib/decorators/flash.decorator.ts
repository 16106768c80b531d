import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { loadSession } from '../http/load-session.js';
import { requestOf } from '../http/request-of.js';

const FlashParam = createParamDecorator(
  async (key: string, context: ExecutionContext): Promise<unknown[]> => {
    const session = await loadSession(requestOf(context));
    return session.flash(key);
  },
);

/**
 * Injects all flash values of a key, in the order they were added, and clears them: each is read once.
 *
 * @example
 * ```ts
 * @Get() page(@Flash('notice') notices: string[]) { … }
 * ```
 */
export const Flash: (key: string) => ParameterDecorator = FlashParam as never;
