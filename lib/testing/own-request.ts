import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { INestApplicationContext } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { HttpExchange } from '../http/http-exchange.js';
import { runtimeOf } from './runtime-of.js';

/** A simulated request over TLS, and its session. */
export interface OwnRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly exchange: HttpExchange;
}

class OwnExchange extends HttpExchange {
  override warnOnce(): void {
    // Data from a test must not cause warnings about mistakes of the application.
  }
}

/** A simulated request. It has everything that the options of `SessionModule` may read from requests. */
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
    // As Express does with every request, so that `req.hostname`, `req.get()` and so on exist.
    Object.setPrototypeOf(request, httpAdapter.getInstance<{ request: IncomingMessage }>().request);
  }
  const response = new ServerResponse(request);
  return { request, response, exchange: new OwnExchange(context, request, response, () => undefined) };
}
