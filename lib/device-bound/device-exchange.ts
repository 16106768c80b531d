import type { SessionState } from '../core/request/session-state.js';
import type { RejectedReason } from '../core/record/session-events.js';
import { SessionExchange } from '../http/session-exchange.js';

/**
 * A request of a browser's own, which proves something of its device. It opens the session without a proof, and is no use of
 * it: it moves no deadline and sends no session cookie.
 */
export class DeviceExchange extends SessionExchange {
  readonly headersSent = true;
  readonly cookieSettled = true;
  readonly renewal = 'later';
  /** Why the cookie did not lead to a session. */
  refusedAs: RejectedReason | undefined;

  /** The session that the cookie leads to. */
  async open(): Promise<SessionState> {
    await this.load();
    return this.state!;
  }

  canSend(): boolean {
    return true;
  }

  override lockOf(): undefined {
    return undefined;
  }

  refused(reason: RejectedReason): void {
    this.refusedAs = reason;
  }

  protected override callbackFailed(): void {
    // Nobody calls anything here.
  }
}
