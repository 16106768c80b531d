import { type CustomDecorator, SetMetadata } from '@nestjs/common';
import { ANONYMOUS } from '../session.constants.js';

/**
 * Opens a route, or a controller, to visitors without a session where a `SessionGuard` guards the application. A
 * `@RequireSession(...)` on a method closes it again for that method.
 *
 * @example
 * ```ts
 * @AllowAnonymous() @Get('login') form() { … }
 * ```
 */
export function AllowAnonymous(): CustomDecorator {
  return SetMetadata(ANONYMOUS, true);
}
