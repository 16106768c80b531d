import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { csrfTokenOf } from '../core/session-access.js';
import type { Answer } from '../core/store/shared-store.js';
import { withSession } from '../transport/with-session.js';

/**
 * Injects a token by which a `CsrfGuard` recognises requests from a page of this session. Send it as the field `_csrf`
 * of a form, or as the header `x-csrf-token`. Only browsers that do not send the origin of a request need it. Each
 * token is different, and valid as long as its session, until `login()` or `regenerate()`. After such a call, inject a
 * new token in a later request.
 *
 * A visitor who gets a token gets a session, which is stored before the handler runs. So use `@RequireLogin()` for
 * routes that need a login: a `SessionGuard` alone admits everyone who has opened the sign-in form.
 *
 * @throws SessionStoreError if the token cannot be stored.
 * @throws SessionEndedError if the session was ended elsewhere before it had a token.
 * @example
 * ```ts
 * @Get('transfer') @Render('transfer') form(@CsrfToken() csrf: string) { return { csrf }; }
 * // <input type="hidden" name="_csrf" value="{{csrf}}">
 * ```
 */
export const CsrfToken: () => ParameterDecorator = createParamDecorator(
  (_: unknown, context: ExecutionContext): Answer<string> => withSession(context, csrfTokenOf),
);
