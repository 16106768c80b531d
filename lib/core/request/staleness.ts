import { isPersistent, mustBeTouched } from './session-life.js';
import type { SessionState } from './session-state.js';

/** What a write would change: the record, its times only, or nothing. */
export type Staleness = 'changed' | 'touch' | 'fresh';

export function stalenessOf(state: SessionState): Staleness {
  const { base, settings, host, meta, written } = state;
  if (base?.due === 'changed' || state.isChanged) return 'changed';
  const isDue = written === 'by nobody' && (settings.resave || mustBeTouched(state));
  const wantsCookie = meta.cookieDue ?? needsCookie(state);
  if (!isDue && !wantsCookie && !state.touchRequested) return 'fresh';
  const isResaved = isDue && settings.resave && !state.touchRequested;
  if (wantsCookie && host.renewal === 'possible') return isResaved || meta.cookieDue ? 'changed' : 'touch';
  const waits = host.renewal === 'later' || (host.renewal === 'over' && !state.touchRequested);
  if (waits || (!isDue && !state.touchRequested)) return 'fresh';
  if (isResaved) return 'changed';
  return defersCookie(state) && !meta.cookieDue ? 'changed' : 'touch';
}

/** Whether a touch must renew the cookie, but this request cannot send one: the next response sends it. */
export function defersCookie(state: SessionState): boolean {
  const { host, settings } = state;
  if (settings.rolling !== 'touch' || !isPersistent(state)) return false;
  return host.renewal === 'impossible' || host.renewal === 'over';
}

/** Whether a write of this request renews the cookie, if the response can carry it. */
export function renewsCookie(state: SessionState): boolean {
  const { rolling } = state.settings;
  if (state.hasRenewedId || rolling === 'always') return true;
  return (rolling === 'touch' || (rolling === 'change' && state.hasStoredData)) && isPersistent(state);
}

/** Whether the response must renew the cookie although the request only reads. */
function needsCookie({ written, hasRenewedId, settings }: SessionState): boolean {
  return written !== 'here' && (hasRenewedId || settings.rolling === 'always');
}
