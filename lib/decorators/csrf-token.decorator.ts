import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { csrfTokenOf } from '../core/session-access.js';
import { withSession } from '../transport/with-session.js';

/**
 * Injects a token that shows a `CsrfGuard` that a request comes from a page of this session: as the field `_csrf` of a form,
 * or for scripts as the header `x-csrf-token`. Only browsers that do not say where a request comes from need it. Every
 * token is another text; each is good for as long as its session, until `login()` or `regenerate()`: a page that
 * is rendered after one of these, in the same request, needs a token that is asked for in the next.
 *
 * A visitor who is given a token gets a session, stored before the handler runs. So a route for those who are signed in has
 * to say so, with `@RequireLogin()`: a `SessionGuard` alone lets in whoever has seen the sign-in form.
 *
 * @throws SessionStoreError when the token cannot be stored.
 * @throws SessionEndedError when the session was ended elsewhere before it had a token.
 * @example
 * ```ts
 * @Get('transfer') @Render('transfer') form(@CsrfToken() csrf: string) { return { csrf }; }
 * // <input type="hidden" name="_csrf" value="{{csrf}}">
 * ```
 */
export const CsrfToken: () => ParameterDecorator = createParamDecorator(
  (_: unknown, context: ExecutionContext): Promise<string> => withSession(context, csrfTokenOf),
);
