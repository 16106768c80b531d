import { Logger } from '@nestjs/common';
import { Pruner } from './core/store/pruner.js';
import { PLAIN_RECORDS, type RecordSeal, SealedRecords } from './core/record/record-seal.js';
import { SessionEngine } from './core/engine/session-engine.js';
import { SessionEventHub } from './core/record/session-events.js';
import {
  isPrunable,
  knowsUsers,
  sealsCookies,
  type SessionStore,
  storeName,
} from './core/store/session-store.js';
import { SharedStore, type SharedStoreOptions } from './core/store/shared-store.js';
import { SessionReporter } from './core/record/session-events.js';
import { presentSession } from './core/session.js';
import { BoundHttpExchange } from './device-bound/bound-http-exchange.js';
import { DeviceBinder } from './device-bound/device-binder.js';
import { DeviceEndpoints } from './device-bound/device-endpoints.js';
import { refuseUnfitStore } from './device-bound/unfit-store.js';
import { messages } from './errors/messages.js';
import type { SessionStoreError } from './errors/session-store.error.js';
import { SessionCapabilityError } from './errors/session-capability.error.js';
import { SessionOptionsError } from './errors/session-options.error.js';
import { sealedCookies } from './http/sealed-cookies.js';
import type { ExchangeContext, LateAnswer } from './http/exchange.js';
import { HttpExchange } from './http/http-exchange.js';
import type { SessionMiddleware } from './http/session.middleware.js';
import type { ResolvedOptions } from './options/resolved-options.js';

/** The parts of one `SessionModule`, put together: engine, store, events and pruner. */
export class SessionRuntime {
  readonly events = new SessionEventHub();
  readonly shared: SharedStore;
  readonly engine: SessionEngine;
  readonly context: ExchangeContext & { answerLate?: LateAnswer; serves?: ExchangeContext['serves'] };
  readonly pruner: Pruner | undefined;
  /** Answers what browsers ask of devices; undefined where sessions are not bound to them. */
  readonly deviceEndpoints: SessionMiddleware | undefined;
  /** What a request over HTTP is made into. */
  readonly Exchange: typeof HttpExchange;
  readonly #logger = new Logger('SessionModule');
  readonly #said = new Set<string>();
  #storeFailures = 0;

  constructor(
    readonly options: ResolvedOptions,
    readonly store: SessionStore,
    private readonly warnings: readonly string[] = options.warnings,
    immediate?: SharedStoreOptions['immediate'],
  ) {
    if (options.engine.maxSessionsPerUser !== undefined && !knowsUsers(store)) {
      throw new SessionCapabilityError(
        messages.capability(storeName(store), 'count the sessions of a user ("maxSessionsPerUser")'),
      );
    }
    if (
      options.engine.lifetimes.rotateInterval !== false &&
      (store.keepsIds === true || sealsCookies(store))
    ) {
      throw new SessionCapabilityError(
        messages.capability(storeName(store), 'renew ids on a schedule ("rotateInterval")'),
      );
    }
    if (options.encryption !== undefined && sealsCookies(store))
      throw new SessionOptionsError(messages.encryptionInCookie(storeName(store)));
    const devices = this.#binderFor(options, store);
    this.shared = new SharedStore(store, {
      timeout: options.storeTimeout,
      seal: this.#sealFor(options, store),
      immediate,
      onError: (error) => this.#storeFailed(error),
    });
    const { policyCap } = options;
    const settings = {
      ...options.engine,
      ...(policyCap && {
        policyCap: { maxAge: policyCap.maxAge, warn: () => this.warnOnce(policyCap.warning) },
      }),
    };
    this.engine = new SessionEngine(settings, store, this.shared, this.events, presentSession);
    this.context = {
      engine: this.engine,
      http: sealsCookies(store) ? sealedCookies(options, store) : options.http,
      callTimeout: options.storeTimeout,
      storeFailures: () => this.#storeFailures,
      warnOnce: (message, kind) => this.warnOnce(message, kind),
      devices,
    };
    this.Exchange = devices === undefined ? HttpExchange : BoundHttpExchange;
    this.deviceEndpoints =
      devices &&
      new DeviceEndpoints(this.context, devices, new SessionReporter(this.events, options.engine.now))
        .middleware;
    this.pruner = isPrunable(store)
      ? new Pruner(
          {
            pruneInterval: store.pruneInterval,
            // With the time limit of every call, so that a prune that hangs does not delay the end.
            prune: (now, limit) => this.shared.call('prune', () => store.prune(now, limit)),
          },
          options.engine.now,
          (error) => this.#logger.warn(`Pruning expired sessions failed: ${nameOf(error)}`),
        )
      : undefined;
  }

  /** Starts the store and its pruning. */
  async start(): Promise<void> {
    for (const warning of this.warnings) this.warnOnce(warning);
    await this.store.start?.();
    this.pruner?.start();
  }

  /** Stops pruning and closes the store. */
  async stop(): Promise<void> {
    await this.pruner?.stop();
    await this.store.close?.();
  }

  /** Logs a warning, once for each `kind`. @param kind - By default the message itself. */
  warnOnce(message: string, kind = message): void {
    if (this.#said.has(kind)) return;
    this.#said.add(kind);
    this.#logger.warn(message);
  }

  #binderFor(resolved: ResolvedOptions, store: SessionStore): DeviceBinder | undefined {
    const { deviceBound, secrets, http, engine } = resolved;
    if (deviceBound === undefined) return undefined;
    refuseUnfitStore(store);
    return new DeviceBinder({ options: deviceBound, secrets, proxy: http.proxy, now: engine.now });
  }

  /** The seal of records in the store. Sessions in cookies are sealed there. */
  #sealFor({ encryption }: ResolvedOptions, store: SessionStore): RecordSeal | undefined {
    if (sealsCookies(store)) return undefined;
    if (encryption === undefined) return PLAIN_RECORDS;
    const onUnknownKey = (): void => this.warnOnce(messages.encryptionKeyUnknown);
    return new SealedRecords({ ...encryption, onUnknownKey });
  }

  #storeFailed(error: SessionStoreError): void {
    this.#storeFailures++;
    if (this.events.hasListeners('storeError'))
      this.events.emit({ type: 'storeError', at: new Date(this.options.engine.now()), error });
  }
}

function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const text = `${error.name}: ${error.message}`;
  return error.cause === undefined ? text : `${text} (${nameOf(error.cause)})`;
}
