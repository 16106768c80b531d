import { messages } from '../../errors/messages.js';
import { looksLikeSeconds } from '../record/lifetime.js';
import type { SessionRecord } from '../record/session-record.js';
import type { Intent } from './next-record.js';
import type { SessionState } from './session-state.js';

/** Warns about probable mistakes of the application when a request is about to store a session. It changes nothing. */
export function advise(state: SessionState, next: SessionRecord, intent: Intent): void {
  if (!state.settings.profile.strict) return; // as in express-session
  if (assignsUser(state, next, intent)) state.host.warnOnce(messages.userIdAssigned);
  if (state.ownCookie.isChanged) adviseOnLife(state);
}

/** Whether a session gets a user by the data key `userId` and keeps its id from before. */
function assignsUser(
  { base, content, replaces }: SessionState,
  next: SessionRecord,
  intent: Intent,
): boolean {
  const { userId } = next;
  if (userId === null || userId === base?.userId) return false;
  if (intent.login !== undefined || intent.renewal !== undefined || replaces) return false;
  return String((content?.data as { userId?: unknown } | undefined)?.userId) === userId;
}

function adviseOnLife({ cookie, host, settings }: SessionState): void {
  const { originalMaxAge: life } = cookie;
  const { lifetimes, policyCap } = settings;
  const { absoluteTimeout } = lifetimes;
  if (life === null || life <= 0) return;
  if (looksLikeSeconds(life))
    host.warnOnce(messages.seconds('session.cookie.maxAge', life), 'session.cookie.maxAge in seconds');
  // The policy warns of a longer life itself, and refuses a longer "absoluteTimeout".
  if (policyCap !== undefined && life > policyCap.maxAge) return;
  if (absoluteTimeout !== false && life > absoluteTimeout)
    host.warnOnce(
      messages.lifeCapped('session.cookie.maxAge', life, absoluteTimeout),
      'session.cookie.maxAge capped',
    );
}
