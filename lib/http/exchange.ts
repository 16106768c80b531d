import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Commit, SessionEngine } from '../core/engine/session-engine.js';
import type { SessionMeta } from '../core/record/session-meta.js';
import type { SessionRecord } from '../core/record/session-record.js';
import type { SessionState } from '../core/request/session-state.js';
import type { SessionLockedError } from '../errors/session-locked.error.js';
import type { HttpSettings } from '../options/resolved-options.js';
import type { SessionUse } from '../core/session-use.js';
import type { Answer } from '../core/store/shared-store.js';

/** The parts that all exchanges of an application share. @internal */
export interface ExchangeContext {
  readonly engine: SessionEngine;
  readonly http: HttpSettings;
  /** Milliseconds that a call of a session waits for the call before it. */
  readonly callTimeout: number;
  /** How often the store has failed so far. */
  readonly storeFailures: () => number;
  /** Logs a warning, once for each `kind`; by default that is the message itself. */
  readonly warnOnce: (message: string, kind?: string) => void;
  /**
   * Whether handlers of a class may use these sessions, if an application has several kinds. @defaultValue all may
   */
  readonly serves?: ((type: object) => boolean) | undefined;
  /** Binds sessions to devices. @defaultValue sessions are not bound */
  readonly devices?: DeviceGate | undefined;
  /** Answers an error after `next` was called; undefined in frameworks where `next` may be called again. */
  readonly answerLate?: LateAnswer | undefined;
}

/** The interface of requests to the device binding (option `deviceBound`). */
export interface DeviceGate {
  /**
   * Why a request must not open a session; undefined if it may.
   *
   * @param connectedAt - When the WebSocket of the message was opened; undefined for an HTTP request.
   */
  lockOf(
    request: IncomingMessage,
    record: SessionRecord,
    meta: SessionMeta,
    connectedAt: number | undefined,
  ): SessionLockedError | undefined;
  /** The headers of a response about the device, beside the session cookie. */
  headersFor(commit: Commit, state: SessionState, request: IncomingMessage): DeviceHeaders | undefined;
}

/** The headers of a response about the device. */
export interface DeviceHeaders {
  readonly setCookie: readonly string[];
  /** The value of `Secure-Session-Registration`. */
  readonly registration?: string;
}

/** Answers a request with an error after its handlers are done. @internal */
export type LateAnswer = (error: unknown, req: IncomingMessage, res: ServerResponse) => void;

/** One request and its session, as guards, decorators and transports need it. @internal */
export interface Exchange {
  readonly context: ExchangeContext;
  /** Whether the request counts as activity. */
  readonly use: SessionUse;
  /** The value of `req.session`. */
  get session(): object | null | undefined;
  set session(value: unknown);
  /** Notes that the middleware of another `SessionModule` runs, too. The first one counts. */
  share(context: ExchangeContext): void;
  /** Whether handlers of a class may use the session. */
  isFor(type: object): boolean;
  /** Loads the session, once. Returns undefined if that needs no store. */
  load(): Promise<void> | undefined;
  /** The session of the request, loaded if necessary. */
  get(): Answer<object>;
  /** The same for a reader that gives the application no object out of the data. */
  peek(): Answer<object>;
  /** Gives the request a new session. */
  startOver(): void;
  /** Gives the request the session in a record. */
  adopt(id: string, record: SessionRecord): object | null | undefined;
}
