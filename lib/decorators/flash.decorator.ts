import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { takeFlash } from '../core/session-access.js';
import type { Answer } from '../core/store/shared-store.js';
import { withSession } from '../transport/with-session.js';

const FlashParam = createParamDecorator((key: string, context: ExecutionContext): Answer<unknown[]> =>
  withSession(context, (session) => takeFlash(session, key)),
);

/**
 * Injects all flash values of a key, in the order they were added, and removes them from the store before the handler
 * runs. Each value is read once: if several requests ask for it at the same time, on any instances, one of them gets
 * it.
 *
 * @example
 * ```ts
 * @Get() page(@Flash('notice') notices: string[]) { … }
 * ```
 */
export const Flash: (key: string) => ParameterDecorator = FlashParam as never;
