import { type CustomDecorator, SetMetadata } from '@nestjs/common';
import { SKIP_CSRF } from '../session.constants.js';

/**
 * Has a `CsrfGuard` let every request to a route, or to all routes of a controller, pass: for those that other sites are
 * meant to call and that trust no cookie, such as webhooks whose signature is checked.
 *
 * @example
 * ```ts
 * @SkipCsrf() @Post('webhook') paid(@Body() event: PaymentEvent) { … }
 * ```
 */
export function SkipCsrf(): CustomDecorator {
  return SetMetadata(SKIP_CSRF, true);
}
