import type { LoadedSession } from '../request/loaded-session.js';
import type { SessionHost } from '../request/session-host.js';
import type { SessionState } from '../request/session-state.js';
import { SessionLoader } from './session-loader.js';

/**
 * Finds the session of a cookie where sessions are bound to devices. A request that must not open it gets an empty session,
 * which is locked.
 */
export class LockingLoader extends SessionLoader {
  protected override admitted(loaded: LoadedSession, host: SessionHost<SessionState>): SessionState {
    const lock = host.lockOf(loaded.record, loaded.meta);
    if (lock === undefined) return super.admitted(loaded, host);
    this.reporter.rejected(lock.reason, loaded.record);
    const locked = this.fresh(host);
    locked.detach(lock, 'locked');
    return locked;
  }
}
