import { type CustomDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import type { Session } from './session.decorator.js';
import { REQUIREMENTS } from '../session.constants.js';

/** Decides whether a session may use a route. */
export type SessionPredicate = (
  session: Session,
  context: ExecutionContext,
) => boolean | undefined | Promise<boolean | undefined>;

/** A data key that must be set, or a predicate that must hold. */
export type SessionRequirement = string | SessionPredicate;

/**
 * Makes a `SessionGuard` ask for data keys that are set and predicates that hold: all of them, those of the class and those
 * of the method. The answer is 401 for a visitor without a session, and 403 for a session that does not qualify. Without
 * the guard it does nothing.
 *
 * `@RequireSession(false)` on a method takes the requirements of its class back: the guard asks for a session only.
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
