import { isPersistent, mustBeTouched } from './session-life.js';
import type { SessionState } from './session-state.js';

/** What of a record a write would change. */
export type Staleness = 'changed' | 'touch' | 'fresh';

/** What a write would change now. */
export function stalenessOf(state: SessionState): Staleness {
  const { base, settings, host, meta, written } = state;
  if (base?.due === 'changed' || state.isChanged) return 'changed';
  const isDue = written === 'by nobody' && (settings.resave || mustBeTouched(state));
  const wantsCookie = meta.cookieDue ?? needsCookie(state);
  if (!isDue && !wantsCookie && !state.touchAsked) return 'fresh';
  const isResaved = isDue && settings.resave && !state.touchAsked;
  if (wantsCookie && host.renewal === 'possible') return isResaved || meta.cookieDue ? 'changed' : 'touch';
  const waits = host.renewal === 'later' || (host.renewal === 'over' && !state.touchAsked);
  if (waits || (!isDue && !state.touchAsked)) return 'fresh';
  if (isResaved) return 'changed';
  return leavesMark(state) && !meta.cookieDue ? 'changed' : 'touch';
}

/** Whether a touch is to be followed by a cookie that this request cannot send: the next response sends it. */
export function leavesMark(state: SessionState): boolean {
  const { host, settings } = state;
  if (settings.rolling !== 'touch' || !isPersistent(state)) return false;
  return host.renewal === 'impossible' || host.renewal === 'over';
}

/** Whether a write of this request renews the cookie, if the response can carry it. */
export function renewsCookie(state: SessionState): boolean {
  const { rolling } = state.settings;
  if (state.isHandedOn || rolling === 'always') return true;
  return (rolling === 'touch' || (rolling === 'change' && state.hasStoredData)) && isPersistent(state);
}

/** Whether the response has to carry a cookie that a mere read does not send. */
function needsCookie({ written, isHandedOn, settings }: SessionState): boolean {
  return written !== 'here' && (isHandedOn || settings.rolling === 'always');
}
