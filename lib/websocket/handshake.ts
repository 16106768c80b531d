import type { IncomingMessage } from 'node:http';
import type { SessionState } from '../core/request/session-state.js';
import type { ExchangeContext } from '../http/exchange.js';
import { type MessageOrigin, SocketExchange } from './socket-exchange.js';

/** The request that opened a WebSocket. Its cookie identifies the session of all messages. */
export class Handshake implements MessageOrigin {
  /** The cookie that a browser would send now, after a scheduled renewal of the id. */
  #renewed: string | undefined;

  constructor(
    readonly context: ExchangeContext,
    readonly request: IncomingMessage,
    readonly openedAt: number,
  ) {}

  /** Makes an exchange for one message, as for a new request. */
  begin(): SocketExchange {
    const { request } = this;
    const now = Object.create(request) as IncomingMessage;
    if (this.#renewed !== undefined)
      Object.defineProperty(now, 'headers', { value: { ...request.headers, cookie: this.#renewed } });
    return new SocketExchange(this, now);
  }

  /** Takes over the id of a scheduled renewal, because the old one works only for the grace period. */
  follow(state: SessionState): void {
    if (!state.hasRenewedId) return;
    const token = state.host.codec.seal(state.id);
    // Before the others, because the first of several cookies with one name counts.
    const others = this.request.headers.cookie ?? '';
    this.#renewed = `${this.context.http.cookieName}=${encodeURIComponent(token)}; ${others}`;
  }
}

/** Makes handshakes of requests, for the sessions of one `SessionModule`. */
export interface HandshakeMaker {
  readonly context: ExchangeContext;
  handshakeOf(request: object): Handshake | undefined;
}

/** By client and by server, one for each `SessionModule`. */
const clients = new WeakMap<object, Handshake[]>();
const servers = new WeakMap<object, HandshakeMaker[]>();

/**
 * The handshake of a client of an adapter for WebSockets.
 *
 * @param context - The `SessionModule`. @defaultValue any
 */
export function handshakeOfClient(client: object, context?: ExchangeContext): Handshake | undefined {
  return clients.get(client)?.find((known) => context === undefined || known.context === context);
}

/** Remembers the handshake of a client, unless one is known. */
export function rememberClient(client: object, handshake: Handshake): void {
  const known = clients.get(client);
  if (known === undefined) clients.set(client, [handshake]);
  else if (!known.some(({ context }) => context === handshake.context)) known.push(handshake);
}

/** Remembers the sessions of a server, for handshakes without an adapter. */
export function rememberServer(server: object, maker: HandshakeMaker): void {
  const known = servers.get(server);
  if (known === undefined) servers.set(server, [maker]);
  else known.push(maker);
}

/**
 * The handshake of a request that came without an adapter, by its server.
 *
 * @param type - The class of the handler.
 */
export function handshakeOfUpgrade(request: object, type: object): Handshake | undefined {
  const { server } = ((request as Partial<IncomingMessage>).socket ?? {}) as { readonly server?: object };
  const makers = (server && servers.get(server)) ?? [];
  return makers.find(({ context }) => context.serves?.(type) !== false)?.handshakeOf(request);
}
