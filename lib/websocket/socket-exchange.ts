import type { IncomingMessage } from 'node:http';
import { messages } from '../errors/messages.js';
import { SessionUsageError } from '../errors/session-usage.error.js';
import type { SessionHost } from '../core/request/session-host.js';
import type { SessionState } from '../core/request/session-state.js';
import type { ExchangeContext } from '../http/exchange.js';
import { SessionExchange } from '../http/session-exchange.js';

/** The handshake of a message. */
export interface MessageOrigin {
  readonly context: ExchangeContext;
  /** When the socket was opened. */
  readonly openedAt: number;
  /** Takes over a renewed id. */
  follow(state: SessionState): void;
}

/** One message of a WebSocket and its session. It cannot send a cookie. */
export class SocketExchange extends SessionExchange {
  readonly headersSent = true;
  readonly cookieSettled = true;
  readonly #handshake: MessageOrigin;

  constructor(handshake: MessageOrigin, request: IncomingMessage) {
    super(handshake.context, request);
    this.#handshake = handshake;
  }

  get renewal(): SessionHost<SessionState>['renewal'] {
    return this.isPassive ? 'later' : 'impossible';
  }

  canSend(): boolean {
    return false;
  }

  /** The device of the last HTTP request, for which trusted proxies are known. */
  override device(): { ip: string | null; userAgent: string | null } {
    const { ip = null, userAgent = null } = this.state?.base ?? {};
    return { ip, userAgent };
  }

  /** The proof of the handshake counts as long as the socket is open, because no proof can be sent over the socket. */
  protected override get connectedAt(): number {
    return this.#handshake.openedAt;
  }

  override async get(): Promise<object> {
    const session = await super.get();
    this.#follow();
    return session;
  }

  override peek(): Promise<object> {
    return this.get();
  }

  /**
   * Stores the changes of the session.
   *
   * @throws SessionUsageError if a new session has data, or a session in its cookie was changed.
   */
  async commit(): Promise<void> {
    const { state } = this;
    if (state === undefined || this.hasFailed) return;
    for (let calls = this.callsUnderWay(); calls !== undefined; calls = this.callsUnderWay()) await calls;
    await this.store(state);
    this.#check();
  }

  protected override callbackFailed(): void {
    // The commit of the message throws it, and the client gets it.
  }

  #check(): void {
    const { state } = this;
    if (state === undefined) return;
    this.#follow();
    if (state.status === 'new' && state.holdsSomething) throw new SessionUsageError(messages.socketBegins);
    if (state.base !== undefined) this.context.engine.requireSent(state);
  }

  #follow(): void {
    if (this.state !== undefined) this.#handshake.follow(this.state);
  }
}
