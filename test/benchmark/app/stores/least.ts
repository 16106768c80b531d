import type { IncomingMessage, ServerResponse } from 'node:http';
import { LEAST_STORE, type LeastStore } from '../least.controller.js';
import type { Setup } from '../setup.js';

class LeastModule {}

/** What somebody would write who needs sessions and nothing of what this package promises: no signature, no deadline, no merge. */
export function withLeast(store: LeastStore, close?: () => Promise<void>): Setup {
  const middleware = (request: IncomingMessage, _: ServerResponse, next: (error?: unknown) => void): void => {
    const id = request.headers.cookie?.slice('sid='.length);
    if (id === undefined) return next();
    const found = store.read(id);
    const use = (session: unknown): void => {
      Object.assign(request, { session, sessionId: id });
      next();
    };
    if (found instanceof Promise) void found.then(use, next);
    else use(found);
  };
  return {
    imports: [
      {
        module: LeastModule,
        global: true,
        providers: [{ provide: LEAST_STORE, useValue: store }],
        exports: [LEAST_STORE],
      },
    ],
    prepare: (app) => void app.use(middleware),
    ...(close && { close }),
  };
}
