import { type ArgumentsHost, Catch, HttpException, Logger } from '@nestjs/common';
import { BaseExceptionFilter, HttpAdapterHost } from '@nestjs/core';
import type { Request, Response } from 'express';
import { type Session, SessionError, SessionService, SessionStoreError } from 'nest-session';
import { html } from './html.js';
import { renderPage } from './layout.js';
import { wantsHtml } from './wants-html.js';

const EXPLANATIONS: Record<number, [title: string, text: string]> = {
  400: ['Bad request', 'We do not understand what your browser sent. Go back and try again.'],
  401: [
    'Not on this device',
    'Your session is bound to a device, and your browser has not shown that it is on it. Reload, or sign in again.',
  ],
  403: [
    'Not allowed',
    'This form did not come from one of our pages, so we changed nothing. Go back, reload, try again.',
  ],
  404: ['Not found', 'There is nothing at this address.'],
  413: ['Too large', 'You sent more than we accept.'],
  503: ['Not available', 'We cannot reach our database. Please try again in a moment.'],
};

/** Answers browsers with a page. Programs get Nest's own JSON. */
@Catch()
export class ErrorPageFilter extends BaseExceptionFilter {
  readonly #logger = new Logger('Errors');
  readonly #sessions: SessionService;

  constructor({ httpAdapter }: HttpAdapterHost, sessions: SessionService) {
    super(httpAdapter);
    this.#sessions = sessions;
  }

  override catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<Request>();
    const response = http.getResponse<Response>();
    if (response.headersSent || !wantsHtml(request)) {
      super.catch(error, host);
      return;
    }
    this.#answer(error, request, response).catch((failure: unknown) => super.catch(failure, host));
  }

  async #answer(error: unknown, request: Request, response: Response): Promise<void> {
    const status = statusOf(error);
    if (status >= 500) this.#logger.error(error);
    const [title, text] = EXPLANATIONS[status] ?? ['Something went wrong', 'Please try again.'];
    const content = html`
      <h1>${title}</h1>
      <p class="lead">${text}</p>
      <p><a href="/">Go to the first page</a></p>
    `;
    const session = await this.#sessionOf(request, error);
    response.status(status).send(renderPage({ session }, { title, content }));
  }

  /** The session, for the navigation of the page. An error page works without it, for example while the store is down. */
  async #sessionOf(request: Request, error: unknown): Promise<Session | undefined> {
    if (error instanceof SessionStoreError) return undefined;
    try {
      return await this.#sessions.load(request);
    } catch (failure) {
      if (failure instanceof SessionError) return undefined;
      throw failure;
    }
  }
}

function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  if (error instanceof SessionError) return error.statusCode;
  return 500;
}
