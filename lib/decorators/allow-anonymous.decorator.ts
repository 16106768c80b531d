import { type CustomDecorator, SetMetadata } from '@nestjs/common';
import { ANONYMOUS } from '../session.constants.js';

/**
 * Opens a route, or a controller, to visitors without a session where a `SessionGuard` guards the application. A
 * `@RequireSession(...)` or `@RequireLogin(...)` on a method closes it again for that method.
 *
 * @param allow - `false` on a method closes it although its controller is open. @defaultValue `true`
 * @example
 * ```ts
 * @AllowAnonymous() @Get('login') form() { … }
 * ```
 */
export function AllowAnonymous(allow = true): CustomDecorator {
  return SetMetadata(ANONYMOUS, allow);
}
