import type { IncomingMessage } from 'node:http';
import type { SessionState } from '../core/request/session-state.js';
import type { ExchangeContext } from '../http/exchange.js';
import { type MessageOrigin, SocketExchange } from './socket-exchange.js';

/** The request that a WebSocket began with: its cookie says whose messages come through it, for as long as it is open. */
export class Handshake implements MessageOrigin {
  /** The cookie that a browser would send by now, where the id was renewed on schedule since. */
  #renewed: string | undefined;

  constructor(
    readonly context: ExchangeContext,
    readonly request: IncomingMessage,
    readonly openedAt: number,
  ) {}

  /** A request as one that came just now: it finds the session as it is, and is done when it is committed. */
  begin(): SocketExchange {
    const { request } = this;
    const now = Object.create(request) as IncomingMessage;
    if (this.#renewed !== undefined)
      Object.defineProperty(now, 'headers', { value: { ...request.headers, cookie: this.#renewed } });
    return new SocketExchange(this, now);
  }

  /** Goes on with the id that a session was renewed to on schedule: the one before leads to it for a while only. */
  follow(state: SessionState): void {
    if (!state.hasRenewedId) return;
    const token = state.host.codec.seal(state.id);
    // In front of the others: of several with one name the first counts.
    const others = this.request.headers.cookie ?? '';
    this.#renewed = `${this.context.http.cookieName}=${encodeURIComponent(token)}; ${others}`;
  }
}

/** What makes handshakes of requests: an application's sessions. */
export interface HandshakeMaker {
  readonly context: ExchangeContext;
  handshakeOf(request: object): Handshake | undefined;
}

/** One for each kind of sessions that the application has. */
const clients = new WeakMap<object, Handshake[]>();
const servers = new WeakMap<object, HandshakeMaker[]>();

/**
 * The handshake of a client, as the adapter for WebSockets hands it around.
 *
 * @param context - Of which kind of sessions. @defaultValue any
 */
export function handshakeOfClient(client: object, context?: ExchangeContext): Handshake | undefined {
  return clients.get(client)?.find((known) => context === undefined || known.context === context);
}

/** Takes note of a client; what was known of it stays. */
export function rememberClient(client: object, handshake: Handshake): void {
  const known = clients.get(client);
  if (known === undefined) clients.set(client, [handshake]);
  else if (!known.some(({ context }) => context === handshake.context)) known.push(handshake);
}

/** Takes note of whose server it is, for handshakes that no adapter has told of. */
export function rememberServer(server: object, maker: HandshakeMaker): void {
  const known = servers.get(server);
  if (known === undefined) servers.set(server, [maker]);
  else known.push(maker);
}

/**
 * A handshake of a request that no adapter has told of, by the server that it came to.
 *
 * @param type - The class that it is for.
 */
export function handshakeOfUpgrade(request: object, type: object): Handshake | undefined {
  const { server } = ((request as Partial<IncomingMessage>).socket ?? {}) as { readonly server?: object };
  const makers = (server && servers.get(server)) ?? [];
  return makers.find(({ context }) => context.serves?.(type) !== false)?.handshakeOf(request);
}
