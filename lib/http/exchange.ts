import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Commit, SessionEngine } from '../core/engine/session-engine.js';
import type { SessionMeta } from '../core/record/session-meta.js';
import type { SessionRecord } from '../core/record/session-record.js';
import type { SessionState } from '../core/request/session-state.js';
import type { SessionLockedError } from '../errors/session-locked.error.js';
import type { HttpSettings } from '../options/resolved-options.js';

/** Continues with the request, or with an error. */
export type Next = (error?: unknown) => void;

/** What all exchanges of an application share. */
export interface ExchangeContext {
  readonly engine: SessionEngine;
  readonly http: HttpSettings;
  /** Milliseconds that a call of a session waits for the one before it. */
  readonly callTimeout: number;
  /** How often the store has failed so far. */
  readonly storeFailures: () => number;
  /** Says something to the operator, once. */
  readonly warnOnce: (message: string) => void;
  /**
   * Whether handlers of a class may have these sessions, where an application has several kinds. @defaultValue all may
   */
  readonly serves?: ((type: object) => boolean) | undefined;
  /** What binds sessions to devices. @defaultValue they are not bound */
  readonly devices?: DeviceGate | undefined;
  /** Answers an error that comes after `next`, in frameworks where that is called once; undefined where it is called again. */
  readonly answerLate?: LateAnswer | undefined;
}

/** What binds sessions to devices (option `deviceBound`), as requests see it. */
export interface DeviceGate {
  /**
   * Why a request must not open a session; undefined if it may.
   *
   * @param connectedAt - When the WebSocket was opened that the request is a message of; undefined if it is none.
   */
  lockOf(
    request: IncomingMessage,
    record: SessionRecord,
    meta: SessionMeta,
    connectedAt: number | undefined,
  ): SessionLockedError | undefined;
  /** What a response says about the device, beside the session's own cookie. */
  headersFor(commit: Commit, state: SessionState, request: IncomingMessage): DeviceHeaders | undefined;
}

/** What a response says about the device. */
export interface DeviceHeaders {
  readonly setCookie: readonly string[];
  /** The value of `Secure-Session-Registration`. */
  readonly registration?: string;
}

/** Answers a request with an error when its handlers have done their part. */
export type LateAnswer = (error: unknown, req: IncomingMessage, res: ServerResponse) => void;

/** One request and its session, as others see it. */
export interface Exchange {
  readonly context: ExchangeContext;
  /** What `req.session` is. */
  get session(): object | null | undefined;
  set session(value: unknown);
  /** The middleware of other sessions runs for the request as well: this one came first, and counts. */
  share(context: ExchangeContext): void;
  /** Whether handlers of a class may have the session. */
  isFor(type: object): boolean;
  /** Loads the session, once. Answers at once when the store need not be asked. */
  load(): Promise<void> | undefined;
  /** The session of the request, loaded if need be. */
  get(): Promise<object>;
  /** Gives the request a new session in place of the one it has. */
  startOver(): void;
  /** Makes a session that is in hand as a record the one of the request. */
  adopt(id: string, record: SessionRecord): object | null | undefined;
}
