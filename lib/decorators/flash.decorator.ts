import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { takeFlash } from '../core/session-access.js';
import { withSession } from '../transport/with-session.js';

const FlashParam = createParamDecorator((key: string, context: ExecutionContext): Promise<unknown[]> =>
  withSession(context, (session) => takeFlash(session, key)),
);

/**
 * Injects all flash values of a key, in the order they were added, and clears them: each is read once, by one of the
 * requests that race for it, on whichever instances. They are cleared in the store before the handler runs.
 *
 * @example
 * ```ts
 * @Get() page(@Flash('notice') notices: string[]) { … }
 * ```
 */
export const Flash: (key: string) => ParameterDecorator = FlashParam as never;
