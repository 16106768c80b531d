import { Catch, type ArgumentsHost } from '@nestjs/common';
import type { Request, Response } from 'express';
import { SessionAccessError } from 'nest-session';
import { ErrorPageFilter } from '../pages/error-page.filter.js';
import { wantsHtml } from '../pages/wants-html.js';
import { withNext } from './local-path.js';

/**
 * Shows a browser that a guard has refused the way to the sign-in form, and from there back. That is a 401 for who has
 * no session, and a 403 for who has one and is not signed in: a cart does.
 */
@Catch(SessionAccessError)
export class SignInFilter extends ErrorPageFilter {
  override catch(error: SessionAccessError, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<Request & { session?: { userId?: string } }>();
    const isSignedIn = request.session?.userId !== undefined;
    if (isSignedIn || !wantsHtml(request)) {
      super.catch(error, host);
      return;
    }
    const next = request.method === 'GET' ? request.originalUrl : '/';
    http.getResponse<Response>().redirect(303, withNext('/sign-in', next));
  }
}
