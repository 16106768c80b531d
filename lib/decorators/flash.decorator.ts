import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { takeFlash } from '../core/session-access.js';
import type { Answer } from '../core/store/shared-store.js';
import { withSession } from '../transport/with-session.js';

const FlashParam = createParamDecorator((key: string, context: ExecutionContext): Answer<unknown[]> =>
  withSession(context, (session) => takeFlash(session, key)),
);

/**
 * Injects all flash values of a key, in the order they were added, and clears them in the store before the handler runs. Each
 * value is read once: if requests race for it, on any instances, one gets it.
 *
 * @example
 * ```ts
 * @Get() page(@Flash('notice') notices: string[]) { … }
 * ```
 */
export const Flash: (key: string) => ParameterDecorator = FlashParam as never;
