import type { SessionState } from '../core/request/session-state.js';
import { SessionExchange } from '../http/session-exchange.js';

/**
 * A request of a browser's own, which proves something of its device. It finds the session by the name that the browser has for
 * it, and is no use of the session: it moves no deadline and sends no session cookie.
 */
export class DeviceExchange extends SessionExchange {
  readonly headersSent = true;
  readonly cookieSettled = true;
  readonly renewal = 'later';

  override get isPassive(): boolean {
    return true;
  }

  /**
   * The session under a key, if there is one that is alive.
   *
   * A browser leaves the session's cookie out when another site has led to the request. A cookie that it does send is of the
   * same session, or the browser has another session by now.
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

  /** The key of the session that the cookie is of. */
  get keyInCookie(): string | undefined {
    const { http, engine } = this.context;
    for (const token of http.tokensOf(this.request, this.codec)) {
      const opened = this.codec.open(token);
      if ('id' in opened) return engine.settings.ids.keyOf(opened.id);
    }
    return undefined;
  }
}
