import type { IncomingMessage } from 'node:http';
import { messages } from '../errors/messages.js';
import { SessionUsageError } from '../errors/session-usage.error.js';
import type { SessionState } from '../core/request/session-state.js';
import type { ExchangeContext } from '../http/exchange.js';
import { SessionExchange } from '../http/session-exchange.js';

/** What a message belongs to: the request that its socket began with. */
export interface MessageOrigin {
  readonly context: ExchangeContext;
  /** When the socket was opened. */
  readonly openedAt: number;
  /** Takes note of what a message found of its session. */
  follow(state: SessionState): void;
}

/** One message of a WebSocket and its session. The handshake was answered long ago, so no cookie can be sent. */
export class SocketExchange extends SessionExchange {
  readonly headersSent = true;
  readonly cookieSettled = true;
  readonly renewal = 'impossible';
  readonly #handshake: MessageOrigin;

  constructor(handshake: MessageOrigin, request: IncomingMessage) {
    super(handshake.context, request);
    this.#handshake = handshake;
  }

  canSend(): boolean {
    return false;
  }

  /** As the last request over HTTP said: that one knows which proxies to trust. */
  override device(): { ip: string | null; userAgent: string | null } {
    const { ip = null, userAgent = null } = this.state?.base ?? {};
    return { ip, userAgent };
  }

  /** A socket that is open counts as proved by its handshake: no browser can prove anything through it later. */
  protected override get connectedAt(): number {
    return this.#handshake.openedAt;
  }

  override async get(): Promise<object> {
    const session = await super.get();
    this.#follow();
    return session;
  }

  /**
   * Stores what became of the session.
   *
   * @throws SessionUsageError where the session cannot begin here, or stands in its cookie and was changed.
   */
  async commit(): Promise<void> {
    const { state } = this;
    if (state === undefined || this.hasFailed) return;
    for (let calls = this.callsUnderWay(); calls !== undefined; calls = this.callsUnderWay()) await calls;
    await this.store(state);
    this.#check();
  }

  protected override callbackFailed(): void {
    // The commit of the message fails with it, and the client is told.
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
