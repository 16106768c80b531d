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

/** Makes an exchange the one of a request. */
export function keepExchange(req: SessionRequest, exchange: Exchange): void {
  req[EXCHANGE] = exchange;
}

/**
 * Whether the application has taken the session off its request by `delete req.session`: not where it has put it back since.
 * Undefined where it has deleted nothing.
 *
 * @param shown - The session as the application has seen it.
 * @throws SessionUsageError where it has put something else there.
 */
export function isTakenOff(req: SessionRequest, shown: object | undefined): boolean | undefined {
  const current = Object.getOwnPropertyDescriptor(req, 'session');
  if (current === undefined) return true;
  // With functions it is the session itself, or that of another package.
  if (current.get !== undefined || current.set !== undefined) return undefined;
  const value: unknown = current.value;
  if (value && value !== shown) throw new SessionUsageError(messages.replaced(describe(value)));
  return !value;
}

/** Shows a request's session as `req.session`. */
export function showSession(req: SessionRequest, enumerable: boolean): void {
  const current = Object.getOwnPropertyDescriptor(req, 'session');
  if (current?.get === SESSION.get && current?.enumerable === enumerable) return;
  Object.defineProperty(req, 'session', enumerable ? ENUMERABLE_SESSION : SESSION);
}
