import { type CustomDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import type { SessionKey } from '../core/session-data.js';
import type { Session } from './session.decorator.js';
import { REQUIREMENTS } from '../session.constants.js';

/** Returns whether a session may use a route. */
export type SessionPredicate = (
  session: Session,
  context: ExecutionContext,
) => boolean | undefined | Promise<boolean | undefined>;

/**
 * A data key that must be set, or a predicate that must return true. The compiler checks the key once you declare
 * `SessionData`.
 */
export type SessionRequirement = SessionKey | SessionPredicate;

/**
 * Makes a `SessionGuard` require data keys that are set and predicates that return true. All requirements of the class
 * and of the method must be met. A visitor without a session gets 401, and a session that does not meet a requirement
 * gets 403. Without the guard the decorator has no effect.
 *
 * `@RequireSession(false)` on a method removes the requirements of its class: the guard requires only a session.
 *
 * @example
 * ```ts
 * @UseGuards(SessionGuard)
 * @RequireSession('userId', (session) => session.roles?.includes('admin'))
 * @Get('admin') admin() { … }
 * ```
 */
export function RequireSession(
  ...requirements: readonly SessionRequirement[] | readonly [false]
): CustomDecorator {
  return SetMetadata(REQUIREMENTS, requirements[0] === false ? false : requirements);
}
