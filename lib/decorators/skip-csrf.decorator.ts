import { type CustomDecorator, SetMetadata } from '@nestjs/common';
import { SKIP_CSRF } from '../session.constants.js';

/**
 * Makes a `CsrfGuard` accept every request to a route, or to all routes of a controller. For routes that other sites are
 * meant to call and that trust no cookie, such as webhooks whose signature is checked.
 *
 * @param skip - `false` on a method has it checked although its controller is skipped. @defaultValue `true`
 * @example
 * ```ts
 * @SkipCsrf() @Post('webhook') paid(@Body() event: PaymentEvent) { … }
 * ```
 */
export function SkipCsrf(skip = true): CustomDecorator {
  return SetMetadata(SKIP_CSRF, skip);
}
