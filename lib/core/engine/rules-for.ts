import type { SessionRecord } from '../record/session-record.js';
import { FlashClaims } from '../request/flash-claims.js';
import type { SessionRules, SessionSettings } from '../request/session-rules.js';
import { type CookieSealingStore, sealsCookies, type SessionStore } from '../store/session-store.js';

/**
 * What sessions that stand in their cookies do not have: whose device it was, which nobody could list; and a cookie that
 * is renewed without need, unless that was asked for: a request that only reads would undo what another instance changes.
 */
function forCookies({ rolling }: SessionSettings): Pick<SessionSettings, 'trackDevice' | 'rolling'> {
  return { trackDevice: false, rolling: rolling === 'always' ? rolling : 'never' };
}

/** What holds for sessions in a store. */
export function rulesFor(settings: SessionSettings, store: SessionStore): SessionRules {
  const isSealing = sealsCookies(store);
  return {
    ...settings,
    ...(isSealing && forCookies(settings)),
    keepsIds: store.keepsIds ?? false,
    keepsCookies: store.keepsCookies ?? false,
    sealsCookies: isSealing,
    newestOf: isSealing ? (record) => newestIn(store, record) : (record) => record,
    flashClaims: new FlashClaims(settings.now),
  };
}

/** The newest record of a session that came in its cookie. A client with an older one is sent the newest. */
function newestIn(store: CookieSealingStore, record: SessionRecord): SessionRecord | undefined {
  const newest = store.newest(record);
  return newest === undefined || newest.version === record.version ? newest : { ...newest, due: 'touch' };
}
