import { Catch, type ArgumentsHost } from '@nestjs/common';
import type { Request, Response } from 'express';
import { LoginStaleError, SessionAccessError } from 'nest-session';
import { ErrorPageFilter } from '../pages/error-page.filter.js';
import { wantsHtml } from '../pages/wants-html.js';
import { withNext } from './local-path.js';

/**
 * Shows a browser that a guard has refused the way to the sign-in form, and from there back. That is a 401 for who has
 * no session, and a 403 for who has one and is not signed in: a cart does. Who is signed in for too long already, for
 * `@RequireLogin({ within })`, signs in again.
 */
@Catch(SessionAccessError)
export class SignInFilter extends ErrorPageFilter {
  override catch(error: SessionAccessError, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<Request & { session?: { userId?: string } }>();
    const isStale = error instanceof LoginStaleError;
    const isSignedIn = request.session?.userId !== undefined;
    if ((isSignedIn && !isStale) || !wantsHtml(request)) {
      super.catch(error, host);
      return;
    }
    const form = isStale ? '/sign-in?again' : '/sign-in';
    http.getResponse<Response>().redirect(303, withNext(form, placeOf(request)));
  }
}

/** The page that was asked for, or the one with the form that was sent. */
function placeOf(request: Request): string {
  if (request.method === 'GET') return request.originalUrl;
  const page = request.get('referer') ?? '';
  return URL.canParse(page) ? new URL(page).pathname + new URL(page).search : '/';
}
