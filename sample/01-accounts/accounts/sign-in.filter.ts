import { type ArgumentsHost, Catch } from '@nestjs/common';
import type { Request, Response } from 'express';
import { LoginRequiredError, LoginStaleError, SessionRequiredError } from 'nest-session';
import { ErrorPageFilter } from '../pages/error-page.filter.js';
import { wantsHtml } from '../pages/wants-html.js';
import { withNext } from './local-path.js';

/**
 * Sends a browser that is not signed in to the sign-in form, and from there back to the page. A user whose login is too old
 * for `@RequireLogin({ within })` signs in again.
 */
@Catch(SessionRequiredError, LoginRequiredError, LoginStaleError)
export class SignInFilter extends ErrorPageFilter {
  override catch(error: Error, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<Request>();
    if (!wantsHtml(request)) {
      super.catch(error, host);
      return;
    }
    const form = error instanceof LoginStaleError ? '/sign-in?again' : '/sign-in';
    http.getResponse<Response>().redirect(303, withNext(form, pageOf(request)));
  }
}

/** The page that was asked for, or the page whose form was sent. */
function pageOf(request: Request): string {
  if (request.method === 'GET') return request.originalUrl;
  const page = request.get('referer') ?? '';
  return URL.canParse(page) ? new URL(page).pathname + new URL(page).search : '/';
}
