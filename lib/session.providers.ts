import { Inject, Optional, type Provider, Scope, type Type } from '@nestjs/common';
import { HttpAdapterHost, ModuleRef } from '@nestjs/core';
import type { SessionStore } from './core/store/session-store.js';
import { messages } from './errors/messages.js';
import { SessionOptionsError } from './errors/session-options.error.js';
import { SessionGuard } from './guards/session.guard.js';
import { createSessionMiddleware, inTurn } from './http/session.middleware.js';
import { refuseWithoutValue } from './options/option-checks.js';
import { resolveOptions } from './options/resolve-options.js';
import type { ResolvedOptions } from './options/resolved-options.js';
import type { SessionStoreFactory } from './options/store-factory.interface.js';
import { SessionEvents } from './services/session-events.js';
import { SessionHealthIndicator } from './services/session-health.indicator.js';
import { SessionService } from './services/session.service.js';
import {
  RESOLVED_OPTIONS,
  SESSION_MIDDLEWARE,
  SESSION_OPTIONS,
  SESSION_RUNTIME,
  SESSION_STORE,
} from './session.constants.js';
import { SessionRuntime } from './session.runtime.js';
import { isExpressStore } from './stores/express/express-session-store.js';
import { ExpressStoreAdapter } from './stores/express/express-store.adapter.js';
import { MemorySessionStore } from './stores/memory/memory-session.store.js';
import { SocketSessions } from './websocket/socket-sessions.js';

/** The composition root: the one place that knows every part. */
export const sessionProviders: Provider[] = [
  { provide: RESOLVED_OPTIONS, inject: [SESSION_OPTIONS], useFactory: resolveOptions },
  { provide: SESSION_STORE, inject: [RESOLVED_OPTIONS, ModuleRef], useFactory: makeStore },
  {
    provide: SESSION_RUNTIME,
    inject: [RESOLVED_OPTIONS, SESSION_STORE],
    useFactory: (options: ResolvedOptions, store: SessionStore) =>
      new SessionRuntime(options, store, [...options.warnings, ...warningsOf(store)], () =>
        MemorySessionStore.immediateCallsOf(store),
      ),
  },
  {
    provide: SESSION_MIDDLEWARE,
    inject: [SESSION_RUNTIME],
    useFactory: ({ context, deviceEndpoints, Exchange }: SessionRuntime) =>
      inTurn(deviceEndpoints, createSessionMiddleware(context, Exchange)),
  },
  {
    provide: SocketSessions,
    inject: [SESSION_RUNTIME, HttpAdapterHost],
    useFactory: ({ context }: SessionRuntime, host: HttpAdapterHost) => new SocketSessions(context, host),
  },
  SessionService,
  SessionEvents,
  SessionHealthIndicator,
  SessionGuard,
];

async function makeStore({ store }: ResolvedOptions, moduleRef: ModuleRef): Promise<SessionStore> {
  if (store === undefined) return new MemorySessionStore();
  const made = isFactory(store)
    ? await store.useFactory(...(await resolveAll(store.inject ?? [], moduleRef)))
    : store;
  if (isStore(made)) return made;
  if (isExpressStore(made)) return new ExpressStoreAdapter(made);
  return refuseWithoutValue(
    'store',
    made,
    'a SessionStore (read, create, update, delete), a store for express-session (get, set, destroy), or a factory { inject, useFactory } that returns one',
  );
}

function warningsOf(store: SessionStore): string[] {
  const isTemporary = process.env.NODE_ENV === 'production' && store instanceof MemorySessionStore;
  return isTemporary ? [messages.memoryStore('MemorySessionStore')] : [];
}

/**
 * Resolves tokens that are known only now. Unlike `ModuleRef.get`, it waits for providers that are not ready.
 */
async function resolveAll(
  tokens: NonNullable<SessionStoreFactory['inject']>,
  moduleRef: ModuleRef,
): Promise<never[]> {
  class StoreDependencies {
    readonly values: unknown[];
    constructor(...values: unknown[]) {
      this.values = values;
    }
  }
  tokens.forEach((entry, index) => {
    const [token, optional] =
      typeof entry === 'object' && 'optional' in entry ? [entry.token, entry.optional] : [entry, false];
    Inject(token as Type)(StoreDependencies, undefined, index);
    if (optional) Optional()(StoreDependencies, undefined, index);
    if (isRequestScoped(token as Type, moduleRef)) throw new SessionOptionsError(messages.requestScoped);
  });
  return (await moduleRef.create(StoreDependencies)).values as never[];
}

function isRequestScoped(token: Type, moduleRef: ModuleRef): boolean {
  try {
    return moduleRef.introspect(token).scope === Scope.REQUEST;
  } catch {
    return false; // reported when it is resolved
  }
}

function isFactory(store: NonNullable<ResolvedOptions['store']>): store is SessionStoreFactory {
  return typeof (store as Partial<SessionStoreFactory> | null)?.useFactory === 'function';
}

function isStore(store: unknown): store is SessionStore {
  const methods = ['read', 'create', 'update', 'delete'] as const;
  return (
    typeof store === 'object' &&
    store !== null &&
    methods.every((name) => typeof (store as Partial<SessionStore>)[name] === 'function')
  );
}
