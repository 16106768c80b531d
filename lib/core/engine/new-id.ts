import { messages } from '../../errors/messages.js';
import { SessionUsageError } from '../../errors/session-usage.error.js';
import type { RotatedReason } from '../record/session-events.js';
import type { Renewal } from '../request/next-record.js';
import type { SessionState } from '../request/session-state.js';

/** A new id for a session, whose old one is dead at once. */
export function newId(state: SessionState, reason: RotatedReason): Renewal {
  return { id: state.settings.ids.renew(state.key), grace: 0, reason };
}

/** @throws SessionUsageError if no new id could reach the client any more. */
export function requireOpenHead({ host }: SessionState, method: string): void {
  if (host.headersSent) throw new SessionUsageError(messages.headersSent(method));
}
