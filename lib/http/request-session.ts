import type { IncomingMessage } from 'node:http';
import { describe } from '../errors/describe.js';
import { messages } from '../errors/messages.js';
import { SessionUsageError } from '../errors/session-usage.error.js';
import type { Exchange } from './exchange.js';

/** Continues with the request, or with an error. Not in exchange.ts: public declarations would then import those of the engine. */
export type Next = (error?: unknown) => void;

/** A request of any framework; some have `ip`, `secure` or `protocol`. */
export type SessionRequest = IncomingMessage & {
  readonly ip?: string;
  readonly secure?: boolean;
  readonly protocol?: string;
  /** @internal */
  [EXCHANGE]?: Exchange | undefined;
};

const EXCHANGE = Symbol('nest-session.exchange');

/** The exchange of a request. It is kept on the raw request, which all frameworks and transports share. @internal */
export function exchangeOf(request: object): Exchange | undefined {
  return exchangeOfRaw(request) ?? exchangeOfRaw((request as { raw?: object }).raw);
}

/** The exchange of a raw request. @internal */
export function exchangeOfRaw(request: object | undefined): Exchange | undefined {
  return (request as SessionRequest | undefined)?.[EXCHANGE];
}

/** The property `req.session`, the same for all requests. */
const SESSION: PropertyDescriptor & ThisType<SessionRequest> = {
  configurable: true,
  enumerable: false,
  get() {
    return this[EXCHANGE]?.session;
  },
  set(session: unknown) {
    const exchange = this[EXCHANGE];
    if (exchange !== undefined) exchange.session = session;
    else Object.defineProperty(this, 'session', { ...PLAIN, value: session });
  },
};

/** The same for the drop-in. Copying the request then uses the session. */
const ENUMERABLE_SESSION: PropertyDescriptor = { ...SESSION, enumerable: true };

/** The property that an assignment makes if there is no exchange. */
const PLAIN: PropertyDescriptor = { configurable: true, enumerable: true, writable: true };

/** The value of `req.session`: the session, or nothing if the application has unset it. @internal */
export class RequestSession {
  readonly #req: SessionRequest;
  readonly #enumerable: boolean;
  /** Undefined until it is read, null if there is none. */
  #session: object | null | undefined;
  /** The session that the application saw last. Assigning it undoes an unset. */
  #lastSeen: object | undefined;
  /** The value that the application unset the session with, which it reads from then on. */
  #unsetWith: null | undefined;

  /** @param enumerable - Whether `req.session` is an enumerable property. */
  constructor(req: SessionRequest, exchange: Exchange, enumerable: boolean) {
    this.#req = req;
    this.#enumerable = enumerable;
    req[EXCHANGE] = exchange;
    this.#define();
  }

  get value(): object | null | undefined {
    return this.#session ?? this.#unsetWith;
  }

  /** An assignment to `req.session`. @throws SessionUsageError for any value except the session itself, or nothing. */
  set value(value: unknown) {
    if (value && value !== this.#lastSeen) throw new SessionUsageError(messages.replaced(describe(value)));
    this.#session = value ? this.#lastSeen : null;
    if (!value) this.#unsetWith = value === null ? null : undefined;
  }

  /** Whether the session object is not made yet. */
  get isMissing(): boolean {
    return this.#session === undefined;
  }

  /** Sets the session object. */
  fill(session: object): void {
    this.#lastSeen = this.#session = session;
  }

  /** Makes room for another session, whose object is made when it is read. */
  replace(): void {
    this.#become(undefined);
  }

  /** Removes the session from the request. */
  remove(): void {
    this.#become(null);
  }

  /** Undoes {@link remove}. */
  putBack(): void {
    this.#session = this.#lastSeen;
    this.#expose();
  }

  /**
   * Whether the application has unset the session: it assigned nothing to `req.session`, or deleted it, and has not put it
   * back.
   *
   * @throws SessionUsageError if it has put something else there.
   */
  isUnset(): boolean {
    const current = Object.getOwnPropertyDescriptor(this.#req, 'session');
    if (current === undefined) return true;
    // An accessor is ours, or that of another package.
    if (current.get !== undefined || current.set !== undefined) return this.#session === null;
    const value: unknown = current.value;
    if (value && value !== this.#lastSeen) throw new SessionUsageError(messages.replaced(describe(value)));
    return !value;
  }

  #become(session: null | undefined): void {
    this.#session = session;
    this.#unsetWith = undefined;
    this.#expose();
  }

  #expose(): void {
    const current = Object.getOwnPropertyDescriptor(this.#req, 'session');
    if (current?.get !== SESSION.get || current?.enumerable !== this.#enumerable) this.#define();
  }

  #define(): void {
    Object.defineProperty(this.#req, 'session', this.#enumerable ? ENUMERABLE_SESSION : SESSION);
  }
}
