import { applyDecorators, SetMetadata, UseGuards } from '@nestjs/common';
import { PassiveSessionGuard } from '../guards/passive-session.guard.js';
import { PASSIVE } from '../session.constants.js';

/**
 * Marks a route, the message of a gateway, a resolver, or all of a class as passive: it reads the session, but is no use of
 * it. It does not move the idle deadline, renews neither the cookie nor the id, and does not change `lastSeenAt`. What the
 * handler changes is stored all the same, and `session.touch()` makes the request a use after all.
 *
 * For requests that no user makes: polling, notifications, a count-down to the end of the session.
 *
 * A GraphQL request is passive if all its resolvers that use the session are. If a guard refuses a request before Nest
 * reaches the guards of the route, only the option `passive` applies; a `SessionGuard` knows the decorator.
 *
 * @param isPassive - `false` takes the rule of the class, or of the option `passive`, back for one method.
 * @defaultValue `true`
 * @example
 * ```ts
 * @PassiveSession() @Get('notifications') list(@Session('userId') userId: string) { … }
 * ```
 */
export function PassiveSession(isPassive = true): ClassDecorator & MethodDecorator {
  return applyDecorators(SetMetadata(PASSIVE, isPassive), UseGuards(PassiveSessionGuard));
}
