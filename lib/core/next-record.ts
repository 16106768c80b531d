import { refuseTooLarge } from './data-limit.js';
import { expiryOf } from './lifetime.js';
import { metaText, type SessionMeta } from './session-meta.js';
import { idleTimeoutOf, mustBeTouched } from './session-life.js';
import { sealSuccessor } from './session-id.js';
import type { SessionRecord } from './session-record.js';
import type { SessionState, Staleness } from './session-state.js';

/** A session as it should be stored now. @throws SessionDataError for what JSON cannot hold, and for too much of it. */
export function nextRecord(state: SessionState, staleness: Exclude<Staleness, 'fresh'>): SessionRecord {
  const { base, settings, login, renewal } = state;
  // A login is a new authentication, from which the absolute timeout counts anew (OWASP ASVS 5.0, 7.3.2).
  const createdAt = login?.at ?? state.createdAt;
  const seen = seenNow(state, createdAt);
  if (base !== undefined && staleness === 'touch') return { ...base, ...seen };

  const data = state.content?.checkedText() ?? base?.data ?? '{}';
  const meta = nextMeta(state);
  state.ownCookie.writing();
  refuseMoreThanAllowed(state, data);
  const userId = state.owner;
  const stillAuthenticatedAt = userId === base?.userId ? base?.authenticatedAt : undefined;
  const followedKey = renewal === undefined ? base?.previousKey : renewal.follow ? base?.key : undefined;
  return {
    key: renewal === undefined ? state.key : settings.keyOf(renewal.id),
    version: versionAfter(base?.version ?? 0),
    data,
    meta,
    userId,
    createdAt,
    lastSeenAt: seen.lastSeenAt,
    expiresAt: seen.expiresAt,
    authenticatedAt: login?.at ?? stillAuthenticatedAt ?? null,
    ip: seen.ip,
    userAgent: seen.userAgent,
    previousKey: followedKey ?? null,
    ...(seen.cookie && { cookie: seen.cookie }),
  };
}

/** The most that a 32-bit column holds. No session is changed so often, but whoever can write to the store may say so. */
const LAST_VERSION = 2 ** 31 - 1;

function versionAfter(version: number): number {
  return version === LAST_VERSION ? 1 : version + 1;
}

type Seen = Pick<SessionRecord, 'lastSeenAt' | 'expiresAt' | 'ip' | 'userAgent' | 'cookie'>;

/** What changes with every write: when the session was seen, until when it lives for that, and who was there. */
function seenNow(state: SessionState, createdAt: number): Seen {
  const { base, settings, host } = state;
  const now = settings.now();
  const isSeen = base === undefined || state.login !== undefined || mustBeTouched(state);
  const lastSeenAt = isSeen ? Math.max(now, base?.lastSeenAt ?? now) : base.lastSeenAt;
  const isDeviceDue = settings.trackDevice && (isSeen || base.ip === null);
  const device = isDeviceDue ? host.device() : settings.trackDevice ? base! : NO_DEVICE;
  return {
    lastSeenAt,
    expiresAt: expiryOf({ createdAt, lastSeenAt }, settings.lifetimes, idleTimeoutOf(state)),
    ip: device.ip,
    userAgent: device.userAgent,
    ...(settings.keepsCookies && { cookie: state.cookie.snapshot() }),
  };
}

const NO_DEVICE = { ip: null, userAgent: null };

function refuseMoreThanAllowed({ base, flashChanges, meta, settings }: SessionState, data: string): void {
  if (data === base?.data && !flashChanges?.anyAdded) return;
  const stored = { data: base?.data, flash: meta.flash };
  const flash = flashChanges === undefined ? stored.flash : flashChanges.applyTo(stored.flash);
  refuseTooLarge({ data, flash }, stored, settings.maxDataBytes);
}

function nextMeta(state: SessionState): string | null {
  const { meta, ownCookie, flashChanges, csrf } = state;
  const own = state.settings.schema?.version;
  // What a newer release has stored stays of its version, whoever writes beside it.
  const version = own === undefined ? meta.version : Math.max(own, meta.version ?? 0);
  const isSame = !ownCookie.isChanged && !flashChanges?.any && meta.version === version && meta.csrf === csrf;
  if (isSame && state.renewal === undefined) return state.base?.meta ?? null;
  const flash = flashChanges === undefined ? meta.flash : flashChanges.applyTo(meta.flash);
  const cookie = ownCookie.changes(meta.cookie);
  const rotation = nextRotation(state);
  return metaText({
    ...(version !== undefined && { version }),
    ...(flash && { flash }),
    ...(csrf && { csrf }),
    ...(cookie && { cookie }),
    ...(rotation && { rotation }),
  });
}

function nextRotation({ renewal, settings, meta, knownId }: SessionState): SessionMeta['rotation'] {
  if (renewal === undefined) return meta.rotation;
  if (settings.sealsCookies) return undefined; // such ids are renewed by nobody but the application
  const at = settings.now();
  const successor = renewal.grace > 0 && knownId !== undefined && sealSuccessor(renewal.id, knownId);
  return { at, until: at + renewal.grace, ...(successor && { successor }) };
}
