import { Catch, HttpException, Logger, type ArgumentsHost } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import type { Request, Response } from 'express';
import { SessionError } from 'nest-session';
import { html } from './html.js';
import { renderBarePage } from './layout.js';
import { wantsHtml } from './wants-html.js';

const EXPLANATIONS: Record<number, [title: string, text: string]> = {
  403: ['Not allowed', 'This was not sent from one of our own pages, so nothing was changed.'],
  404: ['Not found', 'There is nothing at this address.'],
  413: ['Too much', 'That is more than we can take.'],
  503: ['Not available', 'We cannot reach our database. Please try again in a moment.'],
};

/** Answers a browser with a page; programs get Nest's own JSON. */
@Catch()
export class ErrorPageFilter extends BaseExceptionFilter {
  readonly #logger = new Logger('Errors');

  override catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const response = http.getResponse<Response>();
    if (response.headersSent || !wantsHtml(http.getRequest<Request>())) {
      super.catch(error, host);
      return;
    }
    const status = statusOf(error);
    if (status >= 500) this.#logger.error(error);
    const [title, text] = EXPLANATIONS[status] ?? ['Something went wrong', 'Please try again.'];
    response.status(status).send(
      renderBarePage(
        title,
        html`<h1>${title}</h1>
          <p>${text}</p>
          <p><a href="/">To the first page</a></p>`,
      ),
    );
  }
}

function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  if (error instanceof SessionError) return error.statusCode;
  return 500;
}
