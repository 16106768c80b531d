import type { SessionError } from '../../errors/session.error.js';
import { SessionUsageError } from '../../errors/session-usage.error.js';
import { newCsrfSecret } from '../record/csrf-token.js';
import type { DeviceBinding } from '../record/device-binding.js';
import type { SessionCookie } from '../record/session-cookie.js';
import type { SessionHost } from './session-host.js';
import type { SessionRules } from './session-rules.js';
import { SessionContent } from './session-content.js';
import { ownerIn } from './person.js';
import { OwnCookie } from './own-cookie.js';
import type { LoadedSession, LocalChanges, SessionStatus } from './loaded-session.js';
import { parseMeta, type SessionMeta } from '../record/session-meta.js';
import { FlashChanges } from './flash.js';
import type { SessionRecord } from '../record/session-record.js';
import type { KeyChanges } from '../record/session-text.js';

/**
 * One request's copy of a session: the record as it was read, and the changes of the application since. It knows no store.
 */
export class SessionState {
  #status: SessionStatus;
  /** The record as it was last read or written; undefined if the session is not stored. */
  base: SessionRecord | undefined;
  /** Whether this request began the session. */
  isNew: boolean;
  /** Whether it replaced a session that this request ended, whose cookie the client still has. */
  replaces = false;
  /** Whether the cookie must be sent: a new session, a new id, or other cookie settings. */
  mustSendCookie = false;
  /**
   * Which request has written the session since this request read it. A cookie is sent only after a write of this
   * request.
   */
  written: 'by nobody' | 'by others' | 'here' = 'by nobody';
  /** When this request last wrote the session. */
  writtenAt = -Infinity;
  touchRequested: boolean;

  readonly settings: SessionRules;
  readonly host: SessionHost<SessionState>;
  #id: string | undefined;
  /** Whether its id must be sent to the client, which came with the id before a scheduled renewal. */
  readonly hasRenewedId: boolean;
  /** The error of calls, if the session is detached or locked. */
  detachedBy: SessionError | undefined;
  /** The data, if the application has read it. */
  content: SessionContent | undefined;
  #meta: SessionMeta;
  readonly ownCookie: OwnCookie;
  /** The flash values that this request added and took. */
  flashChanges: FlashChanges | undefined;
  /** The secret of CSRF tokens that this request made, until it is stored. */
  #newCsrf: string | undefined;
  /** The binding to a device: as a proof makes it, until it is stored; and as a sign-in asks the browser for it. */
  newBinding: DeviceBinding | undefined;
  askedBinding: DeviceBinding | undefined;
  #startedAt: number;
  #flashClaimant: object | undefined;
  /** Whether this request has stored changed data. */
  hasStoredData = false;

  constructor(settings: SessionRules, host: SessionHost<SessionState>, loaded?: LoadedSession) {
    this.settings = settings;
    this.host = host;
    this.base = loaded?.record;
    this.#status = loaded === undefined ? 'new' : 'loaded';
    this.isNew = loaded === undefined;
    this.touchRequested = loaded?.record.due === 'touch';
    this.#id = loaded?.id;
    this.hasRenewedId = loaded?.hasRenewedId ?? false;
    this.#meta = loaded?.meta ?? {};
    this.ownCookie = new OwnCookie(settings, host);
    this.#startedAt = settings.now();
  }

  get status(): SessionStatus {
    return this.#status;
  }

  get isEnded(): boolean {
    return this.#status === 'ended here' || this.#status === 'ended elsewhere';
  }

  end(where: 'here' | 'elsewhere'): void {
    this.#status = where === 'here' ? 'ended here' : 'ended elsewhere';
  }

  /** Takes the session from its request. Every later call fails with this error. */
  detach(error: SessionError, status: 'detached' | 'locked' = 'detached'): void {
    this.#status = status;
    this.detachedBy = error;
  }

  /** @throws the error of {@link detach}. */
  requireAttached(): void {
    if (this.detachedBy !== undefined) throw this.detachedBy;
  }

  /** @throws SessionUsageError if `regenerate()` has replaced this session. */
  requireNotReplaced(): void {
    if (this.detachedBy instanceof SessionUsageError) throw this.detachedBy;
  }

  /** The session id, made when it is first needed. */
  get id(): string {
    return (this.#id ??= this.settings.ids.generate(this.host.request));
  }

  get hasId(): boolean {
    return this.#id !== undefined;
  }

  /** Drops the id of a session that is not stored, so that it gets a new one. */
  forgetId(): void {
    this.#id = undefined;
  }

  get key(): string {
    return this.base?.key ?? this.settings.ids.keyOf(this.id);
  }

  /** The key or id under which the store finds the record. */
  get place(): string {
    return this.settings.keepsIds ? this.id : this.key;
  }

  /** Whether the id of this request is the session's current one. */
  get hasCurrentId(): boolean {
    return this.base?.token === this.settings.ids.tokenOf(this.id);
  }

  get createdAt(): number {
    return this.base?.createdAt ?? this.#startedAt;
  }

  get lastSeenAt(): number {
    return this.base?.lastSeenAt ?? this.#startedAt;
  }

  get meta(): SessionMeta {
    return this.#meta;
  }

  get cookie(): SessionCookie {
    return this.ownCookie.settings(this.#meta.cookie);
  }

  set cookie(cookie: SessionCookie) {
    this.ownCookie.replace(cookie, this.#meta.cookie);
  }

  /** The flash values that this request added and took, made when they are first needed. */
  get flash(): FlashChanges {
    this.#flashClaimant ??= {};
    return (this.flashChanges ??= new FlashChanges(this.settings.flashClaims, this.#flashClaimant));
  }

  /** The secret of the session's CSRF tokens, if it has one. */
  get csrf(): string | undefined {
    return this.#meta.csrf ?? this.#newCsrf;
  }

  /** The secret, made if there is none. */
  needCsrf(): string {
    return this.csrf ?? (this.#newCsrf = newCsrfSecret());
  }

  /**
   * Puts the stored data on the session object.
   *
   * @throws SyntaxError if it cannot be read.
   */
  fill(data: object): void {
    this.content = new SessionContent(data, this.settings.profile);
    if (this.base !== undefined) this.content.fill(this.base.data);
  }

  /** Runs synchronous work, and serializes the data only once. */
  serializingOnce<Result>(work: () => Result): Result {
    return this.content === undefined ? work() : this.content.serializingOnce(work);
  }

  get holdsSomething(): boolean {
    return (
      this.content?.isEmpty === false || this.flashChanges?.anyAdded === true || this.#newCsrf !== undefined
    );
  }

  /** Whether this request has changes that are not stored yet. */
  get isChanged(): boolean {
    if (this.content?.isChanged || this.flashChanges?.any) return true;
    return this.ownCookie.isChanged || this.#newCsrf !== undefined || this.newBinding !== undefined;
  }

  /** The owner of the session. */
  get owner(): string | null {
    return ownerIn(this);
  }

  /** Notes that the store now holds `record`, with this request's changes; under `newId` if it was renewed. */
  stored(record: SessionRecord, newId?: string): void {
    const { base } = this;
    const hasOtherCookie = this.ownCookie.isChanged && this.settings.profile.sendsCookieChanges;
    const isNew = base === undefined || this.settings.sealsCookies || newId !== undefined;
    if (isNew || hasOtherCookie) this.mustSendCookie = true;
    if (record.data !== base?.data) this.hasStoredData = true;
    if (newId !== undefined) this.#id = newId;
    if (base?.version !== record.version) {
      this.content?.stored(record.data);
      if (record.meta !== (base?.meta ?? null)) this.#meta = parseMeta(record.meta);
      this.ownCookie.stored();
      this.flashChanges?.settle(this.#meta.flash);
      this.#newCsrf = this.newBinding = undefined;
    }
    this.base = record;
    if (!this.isEnded) this.#status = 'loaded';
    this.touchRequested = false;
    this.written = 'here';
    this.writtenAt = this.settings.now();
  }

  /** Records that another request has written the session, unless this request has written it itself. */
  writtenByOthers(): void {
    if (this.written === 'by nobody') this.written = 'by others';
  }

  /** What the application changed since the data was read. */
  localChanges(): KeyChanges {
    return this.content?.changes() ?? new Map<string, unknown>();
  }

  /** This request's changes so far, to return to. */
  snapshot(): LocalChanges {
    return { data: this.localChanges(), flash: this.flashChanges?.copy(), cookie: this.ownCookie.snapshot() };
  }

  /** A snapshot, and the changes since the data was `text`. */
  withChangesSince(text: string, { data, ...rest }: LocalChanges): LocalChanges {
    const since = this.content?.changesSince(text) ?? [];
    return { ...rest, data: new Map([...data, ...since]) };
  }

  /**
   * Merges this request's changes (or those of a snapshot) into a newer record, or into none. If both changed a key, the
   * request wins. All other keys are as stored.
   *
   * @throws SyntaxError if the newer record cannot be read.
   */
  rebase(record: SessionRecord | undefined, local?: LocalChanges): void {
    const meta = parseMeta(record?.meta ?? null);
    this.content?.rebase(record?.data ?? '{}', local?.data ?? this.content.changes());
    if (local !== undefined) {
      this.flashChanges = local.flash?.copy();
      this.ownCookie.putBack(local.cookie);
    }
    this.#newCsrf = this.newBinding = undefined;
    this.#meta = meta;
    this.base = record;
  }

  /** Replaces this request's copy, including its changes, by a record. */
  restore(record: SessionRecord): void {
    this.flashChanges?.release();
    this.rebase(record, { data: new Map(), flash: undefined, cookie: undefined });
  }

  /** Becomes a new session with these changes. */
  startOver(changes: KeyChanges = new Map()): void {
    this.rebase(undefined, { data: changes, flash: undefined, cookie: undefined });
    this.#id = undefined;
    this.#startedAt = this.settings.now();
    this.#status = 'new';
    this.isNew = true;
    this.written = 'by nobody';
    this.mustSendCookie = false;
    this.touchRequested = false;
  }

  /**
   * Removes every data key but those named, the session's own cookie settings, and flash values.
   *
   * @param flash - The names of the flash values that this request had added when the call was made. Later ones stay.
   */
  keepOnly(keys: ReadonlySet<string>, flash: ReadonlySet<string> | undefined): void {
    this.content?.keepOnly(keys);
    this.flash.drop(this.#meta.flash, flash ?? new Set());
    if (this.#meta.cookie !== undefined || this.ownCookie.inHand) this.ownCookie.clear(this.#meta.cookie);
  }
}
