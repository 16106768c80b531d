import { type CustomDecorator, SetMetadata } from '@nestjs/common';
import { SKIP_CSRF } from '../session.constants.js';

/**
 * Makes a `CsrfGuard` accept every request to a route, or to all routes of a controller. Use it for routes that other
 * sites call and that do not rely on cookies, such as webhooks with a signature.
 *
 * @param skip - `false` on a method switches the check on again although its controller skips it. @defaultValue `true`
 * @example
 * ```ts
 * @SkipCsrf() @Post('webhook') paid(@Body() event: PaymentEvent) { … }
 * ```
 */
export function SkipCsrf(skip = true): CustomDecorator {
  return SetMetadata(SKIP_CSRF, skip);
}
