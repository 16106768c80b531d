import { type CustomDecorator, SetMetadata } from '@nestjs/common';
import { ANONYMOUS } from '../session.constants.js';

/**
 * Opens a route or a controller to visitors without a session if a `SessionGuard` guards the application.
 * `@RequireSession(...)` or `@RequireLogin(...)` on a method protects that method again.
 *
 * @param allow - `false` on a method protects it although its controller is open. @defaultValue `true`
 * @example
 * ```ts
 * @AllowAnonymous() @Get('login') form() { … }
 * ```
 */
export function AllowAnonymous(allow = true): CustomDecorator {
  return SetMetadata(ANONYMOUS, allow);
}
