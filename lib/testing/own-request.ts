import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { INestApplicationContext } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { HttpExchange } from '../http/http-exchange.js';
import { runtimeOf } from './runtime-of.js';

/** A request that nobody sent, as one that came over TLS, and its session. */
export interface OwnRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly exchange: HttpExchange;
}

class OwnExchange extends HttpExchange {
  override warnOnce(): void {
    // What a test puts into a session is no mistake of the application.
  }
}

/** A request of an application's own. It has what the options of `SessionModule` may read of requests. */
export function ownRequest(
  app: INestApplicationContext,
  headers: Readonly<Record<string, string>> = {},
  ip = '127.0.0.1',
): OwnRequest {
  const { context } = runtimeOf(app);
  const socket = Object.defineProperties(new Socket(), {
    encrypted: { value: true },
    remoteAddress: { value: ip },
  });
  const request = new IncomingMessage(socket);
  request.method = 'GET';
  request.url = '/';
  request.headers = { host: 'localhost', ...headers };
  const { httpAdapter } = app.get(HttpAdapterHost, { strict: false });
  if (httpAdapter?.getType() === 'express') {
    // What Express does with every request: `req.hostname`, `req.get()` and the like are there.
    Object.setPrototypeOf(request, httpAdapter.getInstance<{ request: IncomingMessage }>().request);
  }
  const response = new ServerResponse(request);
  return { request, response, exchange: new OwnExchange(context, request, response, () => undefined) };
}
