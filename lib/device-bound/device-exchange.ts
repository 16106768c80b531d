import type { SessionState } from '../core/request/session-state.js';
import { SessionExchange } from '../http/session-exchange.js';

/**
 * A request that the browser sends automatically to prove its device. It finds the session by the session identifier of
 * the browser. It does not count as activity: it extends no timeout and sends no session cookie.
 */
export class DeviceExchange extends SessionExchange {
  readonly headersSent = true;
  readonly cookieSettled = true;
  readonly renewal = 'later';

  override get isPassive(): boolean {
    return true;
  }

  /**
   * The session with a key, if it exists and has not expired.
   *
   * A browser does not send the session cookie if another site has caused the request. If it sends a session cookie of
   * another session, the browser has a new session by now.
   */
  async find(key: string): Promise<SessionState | undefined> {
    const { keyInCookie } = this;
    if (keyInCookie !== undefined && keyInCookie !== key) return undefined;
    return this.context.engine.find(key, this);
  }

  canSend(): boolean {
    return true;
  }

  protected override callbackFailed(): void {
    // Nobody calls anything here.
  }

  /** The key of the session in the cookie. */
  get keyInCookie(): string | undefined {
    const { http, engine } = this.context;
    for (const token of http.tokensOf(this.request, this.codec)) {
      const opened = this.codec.open(token);
      if ('id' in opened) return engine.settings.ids.keyOf(opened.id);
    }
    return undefined;
  }
}
