import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { csrfTokenOf } from '../core/session-access.js';
import type { Answer } from '../core/store/shared-store.js';
import { withSession } from '../transport/with-session.js';

/**
 * Injects a token with which a `CsrfGuard` recognises requests from a page of this session. Send it as the field `_csrf` of a
 * form, or as the header `x-csrf-token`. Only browsers that do not say where a request comes from need it. Each token is a
 * different text, and valid as long as its session, until `login()` or `regenerate()`. After one of these, inject the token in
 * a later request.
 *
 * A visitor who gets a token gets a session, which is stored before the handler runs. So use `@RequireLogin()` for routes that
 * need a login: a `SessionGuard` alone lets in everyone who has seen the sign-in form.
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
