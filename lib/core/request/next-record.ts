import { refuseTooLarge } from './data-limit.js';
import type { RotatedReason } from '../record/session-events.js';
import { type BindingWrite, type DeviceBinding, nextBinding } from '../record/device-binding.js';
import { expiryOf } from '../record/lifetime.js';
import { metaText, type SessionMeta } from '../record/session-meta.js';
import { idleTimeoutOf, mustBeTouched } from './session-life.js';
import { identityIn } from './person.js';
import { sealSuccessor } from '../record/session-id.js';
import { endOfActing } from '../record/identity/acting.js';
import type { Identity } from '../record/identity/identity.js';
import { type SessionChange, type SessionRecord, versionAfter } from '../record/session-record.js';
import type { SessionState } from './session-state.js';
import { defersCookie, type Staleness } from './staleness.js';

/** A user who signs in. */
export interface Login {
  readonly userId: string;
  readonly at: number;
  /** The level of the login. */
  readonly level: number;
  /** The digest of the reference to the session, or null. */
  readonly reference: string | null;
}

/** A new id for a session that is stored. */
export interface Renewal {
  readonly id: string;
  /** How long the old id still finds the session, in milliseconds. */
  readonly grace: number;
  readonly reason: RotatedReason;
}

/** What a call does to a session, besides storing its changes. */
export interface Intent {
  readonly login?: Login | undefined;
  readonly renewal?: Renewal | undefined;
  /** The new identity facts, if a call other than a login changes them. */
  readonly identity?: (() => Identity) | undefined;
  /** Whether the browser is asked again to bind a session that is not bound to a device. A login always asks. */
  readonly asksForDevice?: boolean | undefined;
}

/** The record to store now. @throws SessionDataError for a value that JSON does not support, and for too much data. */
export function nextRecord(
  state: SessionState,
  staleness: Exclude<Staleness, 'fresh'>,
  intent: Intent,
): SessionRecord {
  const { login, renewal, asksForDevice: asksAgain = false } = intent;
  const { base, settings } = state;
  // A login is a new authentication, which restarts the absolute timeout (OWASP ASVS 5.0, 7.3.2).
  const createdAt = login?.at ?? state.createdAt;
  const identity = nextIdentity(state, intent);
  const seen = seenNow(state, createdAt, login, identity);
  if (base !== undefined && staleness === 'touch') {
    const { due: _, ...record } = base;
    return { ...record, ...seen };
  }

  const data = state.content?.checkedText() ?? base?.data ?? '{}';
  // A user who starts to act for another user stays the owner.
  const userId = login?.userId ?? (identity.acting && base ? base.userId : state.owner);
  const epoch = nextEpoch(state, intent, identity, userId);
  const device = bindingAfter(state, { isLogin: login !== undefined, asksAgain, owner: userId, epoch });
  const meta = nextMeta(state, intent, { ...identity, device }, seen.lastSeenAt !== base?.lastSeenAt);
  state.ownCookie.writing();
  refuseMoreThanAllowed(state, data);
  const still = userId === base?.userId ? base : undefined;
  return {
    key: state.key,
    ...nextTokens(state, renewal),
    epoch,
    version: versionAfter(base?.version ?? 0),
    data,
    meta,
    userId,
    reference: (login ?? still)?.reference ?? null,
    createdAt,
    lastSeenAt: seen.lastSeenAt,
    expiresAt: seen.expiresAt,
    authenticatedAt: login?.at ?? still?.authenticatedAt ?? null,
    ip: seen.ip,
    userAgent: seen.userAgent,
    ...(seen.cookie && { cookie: seen.cookie }),
    ...(settings.keepsIds && { id: renewal?.id ?? state.id }),
  };
}

/** The change of a stored record to the next one. */
export function changeOf({ place }: SessionState, base: SessionRecord, next: SessionRecord): SessionChange {
  // User, reference and deadline, by which stores index sessions.
  const isSameOwner = base.userId === next.userId && base.reference === next.reference;
  const keepsIndexes = isSameOwner && base.expiresAt === next.expiresAt;
  return { key: place, version: base.version, next, keepsIndexes };
}

/** The epoch after a write. After a `login()`, a data key that names another owner changes the identity as well. */
function nextEpoch(
  { base, meta }: SessionState,
  intent: Intent,
  { acting }: Identity,
  userId: string | null,
): number {
  if (base === undefined) return 1;
  const isOther = base.authenticatedAt !== null && base.userId !== null && userId !== base.userId;
  if (isSamePerson(intent) && !isOther && acting === meta.acting) return base.epoch;
  // The end of acting by its limit takes the next epoch, for requests that read the session after the limit.
  return base.epoch + (meta.acting === undefined ? 1 : 2);
}

/** Whether a write keeps the identity of the visitor and its level. */
export function isSamePerson({ login, identity }: Intent): boolean {
  return login === undefined && identity === undefined;
}

function nextIdentity(state: SessionState, { login, identity }: Intent): Identity {
  if (login !== undefined) return login.level === 1 ? {} : { levels: [[login.level, login.at]] };
  return identity?.() ?? identityIn(state);
}

type Tokens = Pick<SessionRecord, 'token' | 'previousToken' | 'previousUntil'>;

function nextTokens({ base, settings, id }: SessionState, renewal: Renewal | undefined): Tokens {
  const { ids, now } = settings;
  if (base === undefined) return { token: ids.tokenOf(id), previousToken: null, previousUntil: null };
  const { token, previousToken, previousUntil } = base;
  if (renewal === undefined) return { token, previousToken, previousUntil };
  const isGraceful = renewal.grace > 0;
  return {
    token: ids.tokenOf(renewal.id),
    previousToken: isGraceful ? token : null,
    previousUntil: isGraceful ? now() + renewal.grace : null,
  };
}

type Seen = Pick<SessionRecord, 'lastSeenAt' | 'expiresAt' | 'ip' | 'userAgent' | 'cookie'>;

/** The fields that change with every write: when the session was used, when it ends, and by whom it was used. */
function seenNow(
  state: SessionState,
  createdAt: number,
  login: Login | undefined,
  { acting }: Identity,
): Seen {
  const { base, settings, host } = state;
  const now = settings.now();
  const isNew = base === undefined || login !== undefined;
  const isRequested = state.touchRequested && !host.isPassive;
  const isSeen = isNew || isRequested || (mustBeTouched(state) && host.renewal !== 'later');
  const lastSeenAt = isSeen ? Math.max(now, base?.lastSeenAt ?? now) : base.lastSeenAt;
  const isDeviceDue = settings.trackDevice && (isSeen || base.ip === null);
  const device = isDeviceDue ? host.device() : settings.trackDevice ? base! : NO_DEVICE;
  return {
    lastSeenAt,
    expiresAt: Math.min(
      expiryOf({ createdAt, lastSeenAt }, settings.lifetimes, idleTimeoutOf(state)),
      endOfActing(acting),
    ),
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

/** The binding to a device. If sessions are not bound, a stored binding is kept. */
function bindingAfter(
  state: SessionState,
  write: Omit<BindingWrite, 'ownerBefore' | 'now'>,
): DeviceBinding | undefined {
  const { base, settings, meta, newBinding } = state;
  const current = newBinding ?? meta.device;
  if (!settings.bindsDevices) return write.isLogin ? undefined : current;
  const next = nextBinding(current, { ...write, ownerBefore: base?.userId ?? null, now: settings.now() });
  if (next !== current) state.askedBinding = next;
  return next;
}

function nextMeta(
  state: SessionState,
  { login, renewal }: Intent,
  { levels, acting, device }: Identity & { readonly device: DeviceBinding | undefined },
  isSeen: boolean,
): string | null {
  const { meta, ownCookie, flashChanges } = state;
  const own = state.settings.schema?.version;
  // Data of a newer release keeps its version, even if an older release writes it.
  const version = own === undefined ? meta.version : Math.max(own, meta.version ?? 0);
  // A login ends all tokens from before, and so does acting for another user.
  const csrf = login === undefined && acting === meta.acting ? state.csrf : undefined;
  const cookieDue = (isSeen && defersCookie(state)) || (meta.cookieDue && state.host.renewal !== 'possible');
  // Of acting until its limit: this write cannot renew the id, such as one of a passive request.
  const isIdDue = renewal === undefined && needsNewId(state);
  const isSame =
    !ownCookie.isChanged &&
    !flashChanges?.any &&
    meta.version === version &&
    meta.csrf === csrf &&
    meta.levels === levels &&
    meta.acting === acting &&
    meta.device === device &&
    Boolean(meta.cookieDue) === Boolean(cookieDue) &&
    Boolean(meta.idDue) === isIdDue;
  if (isSame && renewal === undefined) return state.base?.meta ?? null;
  const flash = flashChanges === undefined ? meta.flash : flashChanges.applyTo(meta.flash);
  const cookie = ownCookie.changes(meta.cookie);
  const rotation = renewal === undefined ? meta.rotation : nextRotation(state, renewal);
  return metaText({
    ...(version !== undefined && { version }),
    ...(flash && { flash }),
    ...(csrf && { csrf }),
    ...(levels && { levels }),
    ...(acting && { acting }),
    ...(cookie && { cookie }),
    ...(rotation && { rotation }),
    ...(cookieDue && { cookieDue }),
    ...(isIdDue && { idDue: true }),
    ...(device && { device }),
  });
}

/** Whether the id is one under which somebody has acted until the limit. Not where only the application renews ids. */
export function needsNewId({ base, meta, settings }: SessionState): boolean {
  const isDue = base?.due === 'renewal' || meta.idDue === true;
  return isDue && !settings.keepsIds && !settings.sealsCookies;
}

function nextRotation({ settings, id }: SessionState, renewal: Renewal): SessionMeta['rotation'] {
  if (settings.sealsCookies) return undefined; // only the application renews such ids
  return { at: settings.now(), ...(renewal.grace > 0 && { successor: sealSuccessor(renewal.id, id) }) };
}
