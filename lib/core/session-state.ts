import type { SessionStoreError } from '../errors/session-store.error.js';
import type { EngineRules, SessionHost } from './engine-settings.js';
import { newCsrfSecret } from './csrf-token.js';
import { absoluteDeadline, expiryOf, isTouchDue } from './lifetime.js';
import { SessionContent } from './session-content.js';
import type { SessionCookie } from './session-cookie.js';
import { OwnCookie } from './own-cookie.js';
import { FlashChanges, parseMeta, type SessionMeta } from './session-meta.js';
import type { SessionRecord } from './session-record.js';
import type { KeyChanges } from './session-text.js';
import { userIdText } from './user-id.js';

/** A renewal of the id that the next write carries out. */
export interface Renewal {
  readonly id: string;
  /** How long the old id still finds the session, in milliseconds. */
  readonly grace: number;
  /** Whether changes of requests that still work under the old id go on to the session. Not across a login. */
  readonly follow: boolean;
  /** Whether it is due rather than asked for: then once is enough, whoever was first. */
  readonly scheduled: boolean;
}

/** What a request changed and has not stored. */
export interface LocalChanges {
  readonly data: KeyChanges;
  readonly flash: FlashChanges | undefined;
}

/** What of a record a write would change. */
export type Staleness = 'changed' | 'touch' | 'fresh';

/**
 * One request's copy of a session: the record as it was read, and what the application did to it since. Works out
 * the next record; knows nothing of stores and decides nothing.
 */
export class SessionState {
  /** The record as last seen in the store; undefined for a session that is not stored. */
  base: SessionRecord | undefined;
  /** Ended by this request, or found to have been ended by somebody else. */
  ended: 'here' | 'elsewhere' | undefined;
  /** Whether it took the place of a session that this request ended, whose cookie the client still has. */
  replaces = false;
  /** The id was renewed by somebody else and is not known here, so no cookie can be sent. */
  idLost = false;
  /** Whether the session began with this request. */
  isNew: boolean;
  /** The failure because of which the request goes on without its session (`onStoreError: 'anonymous'`). */
  detached: SessionStoreError | undefined;
  /** Whether the cookie has to be sent: a new id, or other cookie settings. */
  cookieDue = false;
  /** What was asked of the session and is not done yet: the response waits for it. */
  underWay: Set<Promise<unknown>> | undefined;
  /** The application asked for a touch. */
  touchAsked = false;
  /** The application asked for a write, changed or not. */
  saveAsked = false;
  /** The session was stored since this request has read it, by this or by another one: it need not be touched again. */
  isSeen = false;
  /** The user that `login()` named in this request, until it is stored. */
  login: { readonly userId: string; readonly at: number } | undefined;
  /** The id's renewal, until it is stored. */
  renewal: Renewal | undefined;

  readonly settings: EngineRules;
  readonly host: SessionHost;
  #id: string | undefined;
  /** The data as the application has it in hand, once it has looked. */
  content: SessionContent | undefined;
  #meta: SessionMeta;
  /** The cookie settings as the application has them in hand. */
  readonly ownCookie: OwnCookie;
  /** The flash values that this request added and took. */
  flashChanges: FlashChanges | undefined;
  /** The secret behind the session's tokens that this request made, until it is stored. */
  #newCsrf: string | undefined;
  #bornAt: number;
  /** Who claims flash values: outlives the request, and so must not be the request. */
  readonly #claimant = {};
  #givenUp: string | undefined;

  /** @throws SyntaxError when the record's `meta` cannot be read. */
  constructor(
    settings: EngineRules,
    host: SessionHost,
    loaded?: { readonly id: string; readonly record: SessionRecord; readonly meta: SessionMeta },
  ) {
    this.settings = settings;
    this.host = host;
    this.base = loaded?.record;
    this.isNew = loaded === undefined;
    this.touchAsked = loaded?.record.due === 'touch';
    this.#id = loaded?.id;
    this.#meta = loaded?.meta ?? {};
    this.ownCookie = new OwnCookie(host, settings);
    this.#bornAt = settings.now();
  }

  /** The session id, made when it is first needed: a visitor who never gets a session costs no random bytes. */
  get id(): string {
    return (this.#id ??= this.newId());
  }

  /** The session id, where there is one yet. */
  get knownId(): string | undefined {
    return this.#id;
  }

  /** An id that nobody has yet. */
  newId(): string {
    return this.settings.generateId(this.host.request);
  }

  /** Has a new id made when one is next needed; for a session that is not stored. */
  forgetId(): void {
    this.#id = undefined;
  }

  /** Takes over the id that somebody else renewed this session's to, where it can be known. */
  followTo(id: string | undefined): void {
    if (id === undefined) this.idLost = true;
    else this.#id = id;
    this.cookieDue = true;
  }

  /** The store's key: the stored one, else the one the id will have. */
  get key(): string {
    return this.base?.key ?? this.settings.keyOf(this.id);
  }

  /** The public name. */
  get handle(): string {
    return this.settings.handleOf(this.key);
  }

  get createdAt(): number {
    return this.base?.createdAt ?? this.#bornAt;
  }

  get lastSeenAt(): number {
    return this.base?.lastSeenAt ?? this.#bornAt;
  }

  get meta(): SessionMeta {
    return this.#meta;
  }

  get cookie(): SessionCookie {
    return this.ownCookie.settings(this.#meta.cookie);
  }

  /** Puts other cookie settings in place of the session's. */
  set cookie(cookie: SessionCookie) {
    this.ownCookie.replace(cookie, this.#meta.cookie);
  }

  /** Appends a flash value. */
  addFlash(key: string, value: unknown): void {
    (this.flashChanges ??= new FlashChanges()).add(key, value);
  }

  /** Takes the flash values of a key that nobody else has taken. */
  takeFlash(key: string): unknown[] {
    const { flashClaims } = this.settings;
    this.flashChanges ??= new FlashChanges();
    return this.flashChanges.take(key, this.#meta.flash, (name) => flashClaims.take(name, this.#claimant));
  }

  /** Leaves the flash values that this request took for a later one, but for those it had taken `before`. */
  releaseFlash(before?: LocalChanges): void {
    const kept = new Set(before?.flash?.taken);
    const released = [...(this.flashChanges?.taken ?? [])].filter((name) => !kept.has(name));
    this.settings.flashClaims.release(released, this.#claimant);
  }

  /** The secret behind the session's tokens, where it has one. It ends with a login: who knew a token before has none after. */
  get csrf(): string | undefined {
    return this.login === undefined ? (this.#meta.csrf ?? this.#newCsrf) : undefined;
  }

  /** The same, made if there is none. */
  needCsrf(): string {
    return this.csrf ?? (this.#newCsrf = newCsrfSecret());
  }

  /** This session's idle timeout in milliseconds. */
  get idle(): number {
    const { lifetimes, idleFollowsCookie } = this.settings;
    const own = this.ownCookie.changes(this.#meta.cookie)?.originalMaxAge;
    if (typeof own === 'number') return own;
    const followed = idleFollowsCookie && own === undefined ? this.host.cookieDefaults.maxAge : undefined;
    return followed ?? lifetimes.idleTimeout;
  }

  get expiresAt(): number {
    if (this.base !== undefined && !this.ownCookie.isInHand) return this.base.expiresAt;
    return expiryOf(
      { createdAt: this.createdAt, lastSeenAt: this.lastSeenAt },
      this.settings.lifetimes,
      this.idle,
    );
  }

  /**
   * Puts the stored data on the object the application works with.
   *
   * @throws SyntaxError when the record's `data` cannot be read.
   */
  fill(data: object): void {
    this.content = new SessionContent(data, this.settings.face);
    if (this.base !== undefined) this.content.fill(this.base.data);
  }

  /** Runs what does not let the application run in between, and so need not look at its data twice. */
  atOnce<Result>(work: () => Result): Result {
    return this.content === undefined ? work() : this.content.atOnce(work);
  }

  /** Whether the cookie outlives the browser. */
  get isPersistent(): boolean {
    const own = this.#ownMaxAge;
    const { maxAge, expires } = this.host.cookieDefaults;
    return (own === undefined ? (maxAge ?? expires) : own) != null;
  }

  get #ownMaxAge(): number | null | undefined {
    return this.ownCookie.changes(this.#meta.cookie)?.originalMaxAge;
  }

  /** How long the browser may keep the cookie: never beyond the session's absolute deadline. Undefined: until it closes. */
  cookieLife(): { readonly maxAge: number; readonly expires: Date } | undefined {
    const { cookie } = this;
    cookie.resetMaxAge();
    const { expires, originalMaxAge } = cookie;
    if (expires === null || originalMaxAge === null) return undefined;
    const deadline = absoluteDeadline(this.createdAt, this.settings.lifetimes);
    return {
      maxAge: Math.min(originalMaxAge, deadline - this.settings.now()),
      expires: new Date(Math.min(expires.getTime(), deadline)),
    };
  }

  /** Whether the session holds anything worth storing. */
  get holdsSomething(): boolean {
    return (
      this.content?.isEmpty === false || this.flashChanges?.anyAdded === true || this.#newCsrf !== undefined
    );
  }

  /** Takes note that what the session holds now could not be stored, and that the application was told. */
  giveUp(): void {
    this.saveAsked = false;
    this.#givenUp = this.content?.text;
  }

  /** Whether the session holds just what the application knows could not be stored. */
  get isGivenUp(): boolean {
    return this.#givenUp !== undefined && !this.saveAsked && this.content?.text === this.#givenUp;
  }

  /** Whether the time has come to write that the session was seen. */
  get isTouchDue(): boolean {
    const { now, lifetimes, sealsCookies } = this.settings;
    return (
      this.touchAsked || isTouchDue(this.lastSeenAt, now(), lifetimes, sealsCookies ? this.#rest : this.idle)
    );
  }

  /** How long a session that stands in its cookie lasts unless it is touched, in milliseconds: as long as the cookie does. */
  get #rest(): number {
    const own = this.#ownMaxAge;
    const maxAge = own === undefined ? this.host.cookieDefaults.maxAge : own;
    return Math.min(this.idle, maxAge ?? Infinity);
  }

  /** Whether the application has changed what is not stored yet. */
  get hasChanges(): boolean {
    if (this.content?.isChanged) return true;
    return this.flashChanges?.any === true || this.ownCookie.isChanged || this.#newCsrf !== undefined;
  }

  /** What a write would change now. */
  staleness(): Staleness {
    if (this.login !== undefined || this.renewal !== undefined || this.saveAsked) return 'changed';
    if (this.base?.due === 'changed' || this.hasChanges) return 'changed';
    if (this.touchAsked) return 'touch';
    if (this.isSeen) return 'fresh';
    if (this.settings.resave) return 'changed';
    return this.isTouchDue ? 'touch' : 'fresh';
  }

  /** Where `login()` has said whose session it is, that holds for as long as the application leaves `userId` alone. */
  get owner(): string | null {
    if (this.login !== undefined) return this.login.userId;
    const { base } = this;
    if (this.content === undefined) return base?.userId ?? null;
    const { data } = this.content;
    if (base?.authenticatedAt != null && base.userId === String((data as { userId?: unknown }).userId)) {
      return base.userId;
    }
    return userIdText(this.settings.userIdOf(data)) ?? null;
  }

  /** Takes note that `record` is what the store holds now, with this request's changes in it. */
  stored(record: SessionRecord): void {
    const metaChanged = record.meta !== (this.base?.meta ?? null);
    const isChanged = record.data !== this.base?.data;
    const hasOtherCookie = this.ownCookie.isChanged && this.settings.face.sendsCookieChanges;
    const isInCookie = this.settings.sealsCookies;
    if (this.base === undefined || isInCookie || hasOtherCookie || (isChanged && this.isPersistent)) {
      this.cookieDue = true;
    }
    if (this.renewal !== undefined && this.base?.key !== record.key) {
      this.idLost = false;
      this.followTo(this.renewal.id);
    }
    if (this.base?.version !== record.version || this.base.key !== record.key) {
      this.content?.stored(record.data);
      if (metaChanged) this.#meta = parseMeta(record.meta);
      this.ownCookie.stored();
      this.flashChanges?.settle(this.#meta.flash);
      this.#newCsrf = undefined;
      this.login = undefined;
      this.renewal = undefined;
    }
    this.base = record;
    this.touchAsked = false;
    this.saveAsked = false;
    this.isSeen = true;
  }

  /** What the application changed since the data was read. */
  localChanges(): KeyChanges {
    return this.content?.changes() ?? new Map<string, unknown>();
  }

  /** This request's changes so far, to come back to. */
  snapshot(): LocalChanges {
    return { data: this.localChanges(), flash: this.flashChanges?.copy() };
  }

  /**
   * Carries this request's changes (or those of a snapshot) over to a newer record, or to none: where both changed
   * a key the request wins, every other key is as stored.
   *
   * @throws SyntaxError when the newer record cannot be read.
   */
  rebase(record: SessionRecord | undefined, local?: LocalChanges): void {
    const meta = parseMeta(record?.meta ?? null);
    this.content?.rebase(record?.data ?? '{}', local?.data ?? this.content.changes());
    if (local !== undefined) this.flashChanges = local.flash?.copy();
    this.#newCsrf = undefined;
    this.#meta = meta;
    this.base = record;
  }

  /** Replaces this request's copy by a record, changes and all. */
  restore(record: SessionRecord): void {
    this.releaseFlash();
    this.rebase(record, { data: new Map(), flash: undefined });
    this.ownCookie.reset();
  }

  /** Becomes a new session that holds nothing but the changes given. */
  startOver(changes: KeyChanges = new Map()): void {
    this.rebase(undefined, { data: changes, flash: undefined });
    this.ownCookie.reset();
    this.#id = undefined;
    this.#bornAt = this.settings.now();
    this.isNew = true;
    this.idLost = false;
    this.isSeen = false;
    this.ended = undefined;
    this.login = undefined;
    this.renewal = undefined;
  }

  /** Removes every data key but those named. */
  keepOnly(keys: ReadonlySet<string>): void {
    this.content?.keepOnly(keys);
  }
}
