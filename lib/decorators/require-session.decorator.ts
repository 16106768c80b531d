import { type CustomDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import type { SessionKey } from '../core/session-data.js';
import type { Session } from './session.decorator.js';
import { REQUIREMENTS } from '../session.constants.js';

/** Decides whether a session may use a route. */
export type SessionPredicate = (
  session: Session,
  context: ExecutionContext,
) => boolean | undefined | Promise<boolean | undefined>;

/** A data key that must be set, or a predicate that must hold. The compiler checks the key as soon as you declare `SessionData`. */
export type SessionRequirement = SessionKey | SessionPredicate;

/**
 * What a {@link SessionGuard} asks of the session: data keys that must be set, and predicates that must hold; all of
 * them, those of the class and those of the method. A visitor without a session is answered 401, a session that
 * does not qualify 403. It needs the guard: alone it does nothing.
 *
 * @example
 * ```ts
 * @UseGuards(SessionGuard)
 * @RequireSession('userId', (session) => session.roles?.includes('admin'))
 * @Get('admin') admin() { … }
 * ```
 */
export function RequireSession(...requirements: readonly SessionRequirement[]): CustomDecorator {
  return SetMetadata(REQUIREMENTS, requirements);
}
