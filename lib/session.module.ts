import {
  type DynamicModule,
  Inject,
  type MiddlewareConsumer,
  Module,
  Optional,
  type NestModule,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type Provider,
} from '@nestjs/common';
import {
  ApplicationConfig,
  DiscoveryModule,
  DiscoveryService,
  HttpAdapterHost,
  MetadataScanner,
} from '@nestjs/core';
import { messages } from './errors/messages.js';
import { SessionOptionsError } from './errors/session-options.error.js';
import { SessionGuard } from './guards/session.guard.js';
import { unguardedRoutes } from './guards/unguarded-routes.js';
import { type FastifyInstance, joinFastify } from './http/join-fastify.js';
import { sessionAfterError, type SessionMiddleware } from './http/session.middleware.js';
import { redactedOptions } from './options/redacted-options.js';
import { SessionEvents } from './services/session-events.js';
import { SessionHealthIndicator } from './services/session-health.indicator.js';
import { SessionService } from './services/session.service.js';
import { SESSION_MIDDLEWARE, SESSION_OPTIONS, SESSION_RUNTIME, SESSION_STORE } from './session.constants.js';
import { ASYNC_OPTIONS_TYPE, ConfigurableModuleClass, OPTIONS_TYPE } from './session.module-definition.js';
import { sessionProviders } from './session.providers.js';
import type { SessionRuntime } from './session.runtime.js';
import { separateModules } from './several-modules.js';
import { SocketSessions } from './websocket/socket-sessions.js';

/** Every route, in the syntax of Nest 10, which later versions accept without a warning. */
const EVERYWHERE = '*';

/**
 * Adds sessions to an application: registers the middleware, and provides {@link SessionService}, {@link SessionEvents},
 * {@link SessionHealthIndicator} and {@link SessionGuard}.
 *
 * @example
 * ```ts
 * @Module({ imports: [SessionModule.forRoot({ secret: process.env.SESSION_SECRET! })] })
 * export class AppModule {}
 * ```
 */
@Module({
  imports: [DiscoveryModule],
  providers: sessionProviders,
  exports: [
    SESSION_OPTIONS,
    SESSION_STORE,
    SESSION_MIDDLEWARE,
    SessionService,
    SessionEvents,
    SessionHealthIndicator,
    SessionGuard,
  ],
})
export class SessionModule
  extends ConfigurableModuleClass
  implements NestModule, OnApplicationBootstrap, OnApplicationShutdown
{
  /** Nest calls it. @internal */
  constructor(
    @Inject(SESSION_RUNTIME) private readonly runtime: SessionRuntime,
    @Inject(SESSION_MIDDLEWARE) private readonly middleware: SessionMiddleware,
    private readonly adapterHost: HttpAdapterHost,
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    @Inject(SocketSessions) private readonly sockets: SocketSessions,
    @Optional() private readonly config?: ApplicationConfig,
  ) {
    super();
    // Before the application gets an adapter for WebSockets.
    if (config) sockets.watch(config);
    if (runtime.deviceEndpoints) answerAheadOfAll(runtime.deviceEndpoints, adapterHost);
  }

  /**
   * @param options - The options. All are checked when the application starts.
   * @throws SessionOptionsError at the start, naming the wrong option.
   */
  static override forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    // Missing options are reported when the options are checked.
    return withRedactedOptions(super.forRoot(options ?? {}));
  }

  /**
   * As {@link forRoot}, with options from `useFactory`, or from the method `createSessionOptions()` of the class in `useClass`
   * or `useExisting` ({@link SessionOptionsFactory}).
   *
   * @example
   * ```ts
   * SessionModule.forRootAsync({
   *   inject: [ConfigService],
   *   useFactory: (config: ConfigService) => ({ secret: config.getOrThrow('SESSION_SECRET') }),
   * })
   * ```
   */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return withRedactedOptions(super.forRootAsync(options));
  }

  /**
   * Registers the middleware. If it applies to every route, it goes directly to the HTTP adapter: Nest's middleware routing
   * would match a path and an exclusion list for every request.
   */
  configure(consumer: MiddlewareConsumer): void {
    // Nest does not construct a request-scoped module at the start: `this` is the bare prototype then.
    if (!Object.hasOwn(this, 'runtime')) throw new SessionOptionsError(messages.requestScoped);
    separateModules(this.runtime, this.discovery);
    const { httpAdapter } = this.adapterHost;
    const { deviceEndpoints } = this.runtime;
    const { forRoutes, exclude } = this.runtime.options;
    if (httpAdapter.getType() === 'fastify')
      this.runtime.context.answerLate = joinFastify(httpAdapter.getInstance<FastifyInstance>());
    if (forRoutes === undefined && exclude === undefined) {
      httpAdapter.use(this.middleware);
      if (httpAdapter.getType() === 'express') httpAdapter.use(sessionAfterError(this.middleware));
      return;
    }
    // The device endpoints do not depend on `forRoutes` and `exclude`. They also answer after an error of a body parser.
    if (deviceEndpoints !== undefined) {
      httpAdapter.use(deviceEndpoints);
      if (httpAdapter.getType() === 'express') httpAdapter.use(sessionAfterError(deviceEndpoints));
    }
    consumer
      .apply(this.middleware)
      .exclude(...(exclude ?? []))
      .forRoutes(...(forRoutes ?? [EVERYWHERE]));
  }

  async onApplicationBootstrap(): Promise<void> {
    this.sockets.watchServer();
    const unguarded = this.config ? unguardedRoutes(this.discovery, this.scanner, this.config) : [];
    if (unguarded.length > 0) this.runtime.warnOnce(messages.unguarded(unguarded.join(', ')));
    await this.runtime.start();
  }

  /** Runs last, because requests in flight still need the store. */
  onApplicationShutdown(): Promise<void> {
    return this.runtime.stop();
  }
}

/**
 * Registers middleware with Express before all other: before the body parsers, which Nest registers at the start, and before
 * what `main.ts` adds. Not with Nest before 11.1.4, which has no `init$`: it leaves the application of Express untouched until
 * `main.ts` is done, because settings of Express for routes and queries hold only if they are set before the first middleware.
 * On Fastify, bodies are parsed after all middleware.
 */
function answerAheadOfAll(
  middleware: SessionMiddleware,
  host: Omit<HttpAdapterHost, 'init$'> & Partial<Pick<HttpAdapterHost, 'init$'>>,
): void {
  host.init$?.subscribe(() => {
    const { httpAdapter } = host;
    if (httpAdapter.getType() === 'express') httpAdapter.use(middleware);
  });
}

/** Makes the injected options safe to print. */
function withRedactedOptions(definition: DynamicModule): DynamicModule {
  const providers = definition.providers?.map((provider): Provider => {
    if (typeof provider === 'function' || provider.provide !== SESSION_OPTIONS) return provider;
    if ('useValue' in provider) return { ...provider, useValue: redactedOptions<unknown>(provider.useValue) };
    if (!('useFactory' in provider)) return provider;
    const { useFactory } = provider as { useFactory: (...args: unknown[]) => unknown };
    return {
      ...provider,
      useFactory: async (...args: unknown[]) => redactedOptions(await useFactory(...args)),
    };
  });
  return { ...definition, ...(providers && { providers }) };
}
