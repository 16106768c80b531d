import type { IncomingMessage } from 'node:http';
import { describe, messages } from '../errors/messages.js';
import { SessionUsageError } from '../errors/session-usage.error.js';
import type { Exchange } from './exchange.js';

/** A request as the session needs it; `ip` and `secure` are the framework's, where it has them. */
export type SessionRequest = IncomingMessage & {
  readonly ip?: string;
  readonly secure?: boolean;
  readonly protocol?: string;
  [EXCHANGE]?: Exchange | undefined;
};

const EXCHANGE = Symbol('nest-session.exchange');

/** Where a request's session is kept: on the raw request, which every framework and transport hands around. */
export function exchangeOf(request: object): Exchange | undefined {
  return exchangeOfRaw(request) ?? exchangeOfRaw((request as { raw?: object }).raw);
}

/** The same of a raw request. */
export function exchangeOfRaw(request: object | undefined): Exchange | undefined {
  return (request as SessionRequest | undefined)?.[EXCHANGE];
}

/** `req.session`: one descriptor for all requests. */
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

/** The same for requests that are copied with all they have. To look at it is to use the session. */
const ENUMERABLE_SESSION: PropertyDescriptor = { ...SESSION, enumerable: true };

/** What an assignment makes where no session is in the way. */
const PLAIN: PropertyDescriptor = { configurable: true, enumerable: true, writable: true };

/** What `req.session` is: the session of the request, or what the application has put in its place. */
export class RequestSession {
  readonly #req: SessionRequest;
  readonly #enumerable: boolean;
  /** Undefined until somebody looks, null where there is none. */
  #session: object | null | undefined;
  /** What the application saw last: to put that back undoes an unset. */
  #lastSeen: object | undefined;
  /** What the application unset the session with, which is what it reads from then on. */
  #unsetWith: null | undefined;

  /** @param enumerable - Whether `req.session` is an enumerable property. */
  constructor(req: SessionRequest, exchange: Exchange, enumerable: boolean) {
    this.#req = req;
    this.#enumerable = enumerable;
    req[EXCHANGE] = exchange;
    this.#expose();
  }

  /** The session, or what the application unset it with. */
  get value(): object | null | undefined {
    return this.#session ?? this.#unsetWith;
  }

  /** The application assigns `req.session`. @throws SessionUsageError for anything but nothing, or the session itself. */
  set value(value: unknown) {
    if (value && value !== this.#lastSeen) throw new SessionUsageError(messages.replaced(describe(value)));
    this.#session = value ? this.#lastSeen : null;
    if (!value) this.#unsetWith = value === null ? null : undefined;
  }

  /** Whether the session's object has to be made: nobody has looked yet. */
  get isMissing(): boolean {
    return this.#session === undefined;
  }

  /** The object that the application sees from now on. */
  fill(session: object): void {
    this.#lastSeen = this.#session = session;
  }

  /** Another session is the one of the request: its object is made when somebody looks. */
  replace(): void {
    this.#become(undefined);
  }

  /** The request has no session any more. */
  remove(): void {
    this.#become(null);
  }

  /** Undoes {@link remove}. */
  putBack(): void {
    this.#session = this.#lastSeen;
    this.#expose();
  }

  /**
   * Whether the application has unset its session: it assigned nothing to `req.session`, or deleted it, and has not put it
   * back since.
   *
   * @throws SessionUsageError where it has put something else there.
   */
  isUnset(): boolean {
    const current = Object.getOwnPropertyDescriptor(this.#req, 'session');
    if (current === undefined) return true;
    // With functions it is the session itself, or that of another package.
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
    if (current?.get === SESSION.get && current?.enumerable === this.#enumerable) return;
    Object.defineProperty(this.#req, 'session', this.#enumerable ? ENUMERABLE_SESSION : SESSION);
  }
}
