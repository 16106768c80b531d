import type { IncomingMessage, ServerResponse } from 'node:http';
import { messages } from '../errors/messages.js';
import { SessionUsageError } from '../errors/session-usage.error.js';
import type { SessionState } from '../core/request/session-state.js';
import type { ExchangeContext } from '../http/exchange.js';
import { SessionExchange } from '../http/session-exchange.js';

/** Nothing can be sent with it: the handshake was answered long ago. */
const ANSWERED = Object.freeze({ headersSent: true }) as ServerResponse;

const nothingNext = (): void => undefined;

/** What a message belongs to: the request that its socket began with. */
export interface MessageOrigin {
  readonly context: ExchangeContext;
  /** Takes note of what a message found of its session. */
  follow(state: SessionState): void;
}

/** One message of a WebSocket and its session: as a request whose response has left, so that no cookie can be sent. */
export class SocketExchange extends SessionExchange {
  readonly #handshake: MessageOrigin;

  constructor(handshake: MessageOrigin, request: IncomingMessage) {
    super(handshake.context, request, ANSWERED, nothingNext);
    this.#handshake = handshake;
  }

  override get headersSent(): boolean {
    return true;
  }

  override get renewal(): 'impossible' {
    return 'impossible';
  }

  override canSend(): boolean {
    return false;
  }

  /** As the last request over HTTP said: that one knows which proxies to trust. */
  override device(): { ip: string | null; userAgent: string | null } {
    const { ip = null, userAgent = null } = this.state?.base ?? {};
    return { ip, userAgent };
  }

  override async get(): Promise<object> {
    const session = await super.get();
    this.#follow();
    return session;
  }

  /** @throws SessionUsageError where the session cannot begin here, or stands in its cookie and was changed. */
  override commit(): Promise<void> | undefined {
    const committing = super.commit();
    if (committing !== undefined) return committing.then(() => this.#check());
    this.#check();
    return undefined;
  }

  protected override callbackFailed(): void {
    // The commit of the message fails with it, and the client is told.
  }

  #check(): void {
    const { state } = this;
    if (state === undefined) return;
    this.#follow();
    if (state.status === 'new' && state.holdsSomething) throw new SessionUsageError(messages.socketBegins);
    if (state.base !== undefined) this.#handshake.context.engine.requireSent(state);
  }

  #follow(): void {
    if (this.state !== undefined) this.#handshake.follow(this.state);
  }
}
