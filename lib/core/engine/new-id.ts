import { messages } from '../../errors/messages.js';
import { SessionUsageError } from '../../errors/session-usage.error.js';
import type { RotatedReason } from '../record/session-events.js';
import type { Renewal } from '../request/next-record.js';
import type { SessionState } from '../request/session-state.js';

/** A new id for a session, which invalidates the old one. */
export function newId(state: SessionState, reason: RotatedReason): Renewal {
  return { id: state.settings.ids.renew(state.key), grace: 0, reason };
}

/** @throws SessionUsageError if a new id cannot be sent to the client any more. */
export function requireOpenHead({ host }: SessionState, method: string): void {
  if (host.headersSent) throw new SessionUsageError(messages.headersSent(method));
}
