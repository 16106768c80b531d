import { applyDecorators, SetMetadata, UseGuards } from '@nestjs/common';
import { PassiveSessionGuard } from '../guards/passive-session.guard.js';
import { PASSIVE } from '../session.constants.js';

/**
 * Marks a route, a message handler of a gateway, a resolver, or a whole class as passive: its requests read the
 * session, but do not count as activity. They do not extend the idle timeout, renew neither the cookie nor the id, and
 * do not update `lastSeenAt`. Changes of the handler are still stored. `session.touch()` counts the request as
 * activity.
 *
 * Use it for requests that the user does not trigger: polling, notifications, a count-down to the end of the session.
 *
 * A GraphQL request is passive if all its resolvers that use the session are. If a guard refuses a request before Nest
 * reaches the guards of the route, only the option `passive` applies; a `SessionGuard` knows the decorator.
 *
 * @param isPassive - `false` on a method overrides the class and the option `passive`.
 * @defaultValue `true`
 * @example
 * ```ts
 * @PassiveSession() @Get('notifications') list(@Session('userId') userId: string) { … }
 * ```
 */
export function PassiveSession(isPassive = true): ClassDecorator & MethodDecorator {
  return applyDecorators(SetMetadata(PASSIVE, isPassive), UseGuards(PassiveSessionGuard));
}
