import type { SessionRecord } from '../record/session-record.js';
import { FlashClaims } from '../request/flash.js';
import type { SessionRules, SessionSettings } from '../request/session-rules.js';
import {
  type CookieSealingStore,
  knowsReferences,
  sealsCookies,
  type SessionStore,
} from '../store/session-store.js';

/**
 * Sessions in cookies store no device, because they cannot be listed. Their cookie is renewed only if the application
 * requests it, because a read-only request would undo the change of another instance.
 */
function forCookies({ rolling }: SessionSettings): Pick<SessionSettings, 'trackDevice' | 'rolling'> {
  return { trackDevice: false, rolling: rolling === 'always' ? rolling : 'never' };
}

/** The rules for sessions in a store. */
export function rulesFor(settings: SessionSettings, store: SessionStore): SessionRules {
  const isSealing = sealsCookies(store);
  return {
    ...settings,
    ...(isSealing && forCookies(settings)),
    keepsIds: store.keepsIds ?? false,
    keepsCookies: store.keepsCookies ?? false,
    keepsReferences: knowsReferences(store),
    sealsCookies: isSealing,
    newestOf: isSealing ? (record) => newestIn(store, record) : (record) => record,
    flashClaims: new FlashClaims(settings.now),
  };
}

/** The newest record of a session that came in its cookie. A client with an older record gets the newest. */
function newestIn(store: CookieSealingStore, record: SessionRecord): SessionRecord | undefined {
  const newest = store.newest(record);
  return newest === undefined || newest.version === record.version ? newest : { ...newest, due: 'touch' };
}
