import { SessionStoreError } from '../../errors/session-store.error.js';
import type { SessionRules } from '../request/session-rules.js';
import type { OpenedToken } from '../record/token-codec.js';
import { absoluteDeadline } from '../record/lifetime.js';
import type { RejectedReason, SessionReporter } from '../record/session-events.js';
import { recordAt } from '../record/identity/identity.js';
import { isSameToken, openSuccessor } from '../record/session-id.js';
import { metaText, parseMeta, type SessionMeta } from '../record/session-meta.js';
import { isUnreadable, type SessionRecord } from '../record/session-record.js';
import type { LoadedSession } from '../request/loaded-session.js';
import { SessionState } from '../request/session-state.js';
import type { SessionHost } from '../request/session-host.js';
import type { Answer, SharedStore } from '../store/shared-store.js';

/** Eight cookies of one name are tried, and two values that another parser may have read. */
const MOST_TOKENS = 10;

/** A cookie value that was found to be valid. */
type OpenedSession = Extract<OpenedToken, { readonly id: string }>;

/** Finds the session of a cookie, and checks it against every rule before it is used. */
export class SessionLoader {
  constructor(
    private readonly settings: SessionRules,
    private readonly shared: SharedStore,
    protected readonly reporter: SessionReporter,
  ) {}

  /**
   * The session of the first valid one of the cookie's values, or a new one. Never adopts an id that the store does not
   * know.
   */
  open(tokens: Iterable<string>, host: SessionHost<SessionState>): Answer<SessionState> {
    let refused: RejectedReason | undefined;
    let looks = 0;
    for (const token of tokens) {
      if (++looks > MOST_TOKENS) break;
      const opened = host.codec.open(token);
      if ('id' in opened) return this.#find(opened, host);
      refused = opened.rejected;
    }
    if (refused !== undefined) this.reporter.rejected(refused);
    return this.fresh(host);
  }

  /** The record of a cookie, migrated to this version of the data. Its token is not compared yet. */
  recordOf({ id, record }: OpenedSession): Answer<SessionRecord | undefined> {
    const { keepsIds, ids, newestOf } = this.settings;
    if (record === undefined) return this.read(keepsIds ? id : ids.keyOf(id));
    return this.#upToDate(newestOf(record));
  }

  /** The record under a key of the store, migrated to this version of the data. */
  read(place: string): Answer<SessionRecord | undefined> {
    return this.#upToDate(this.shared.read(place));
  }

  /**
   * A record at the current time: after the limit of acting for another user, it belongs to the actor again, or
   * has ended.
   */
  asOfNow(record: SessionRecord): SessionRecord {
    return recordAt(record, this.settings.now());
  }

  /** Whether the time to act for somebody is over since the request read the record: the session is the actor's again. */
  hasChangedHands({ meta }: SessionState, base: SessionRecord): boolean {
    return meta.acting !== undefined && this.asOfNow(base) !== base;
  }

  /** The stored record of a session that this request has read before. */
  async latestOf(state: SessionState, base: SessionRecord): Promise<SessionRecord | 'gone'> {
    const { sealsCookies, newestOf } = this.settings;
    const stored = sealsCookies ? newestOf(base) : await this.read(state.place);
    const latest = stored && this.asOfNow(stored);
    return latest !== undefined && this.isAlive(latest) ? latest : 'gone';
  }

  /** A new session. */
  fresh(host: SessionHost<SessionState>): SessionState {
    return new SessionState(this.settings, host);
  }

  /**
   * The session with a key, if it exists and has not expired. The token is not compared, because the caller has
   * verified the request in another way, or only reads. If the time to act for another user is over, the session is the
   * actor's again; a response that can send the new id gives it.
   */
  async find(key: string, host: SessionHost<SessionState>): Promise<SessionState | undefined> {
    const record = await this.read(key);
    if (record === undefined || !this.isAlive(record)) return undefined;
    if (isUnreadable(record)) return this.#refuse('corrupt', record);
    try {
      return this.stateOf('', this.asOfNow(record), host);
    } catch {
      return this.#refuse('corrupt', record);
    }
  }

  /** The session in a record. @throws SyntaxError if the record's `meta` cannot be read. */
  stateOf(id: string, record: SessionRecord, host: SessionHost<SessionState>): SessionState {
    return this.#state({ id, record, meta: parseMeta(record.meta) }, host);
  }

  /**
   * Whether an id is the current one of a record, the one before a scheduled renewal within its grace period, or outdated. A
   * record that was found by its key is no match before this check.
   */
  tokenStatusOf(id: string, record: SessionRecord): 'current' | 'previous' | 'superseded' {
    const { token, previousToken, previousUntil } = record;
    const given = this.settings.ids.tokenOf(id);
    if (isSameToken(given, token)) return 'current';
    const isInGrace = previousToken !== null && previousUntil !== null && previousUntil > this.settings.now();
    return isInGrace && isSameToken(given, previousToken) ? 'previous' : 'superseded';
  }

  /**
   * The one gate for a record that is read again. If the visitor's identity has changed meanwhile, the session has ended for
   * this request: an attacker who planted its id must neither see nor change what the visitor does after signing in.
   *
   * @param carryOver - Bases the request's copy on the newer record. @throws SyntaxError if that cannot be read.
   * @returns Whether the request continues with the session.
   */
  takeOver(
    state: SessionState,
    latest: SessionRecord | 'gone',
    carryOver: (record: SessionRecord) => void,
  ): boolean {
    if (latest === 'gone' || latest.epoch !== state.base?.epoch) {
      if (!state.isEnded) state.end('elsewhere');
      return false;
    }
    try {
      carryOver(latest);
      return true;
    } catch {
      this.reporter.rejected('corrupt', latest);
      state.end('elsewhere');
      return false;
    }
  }

  /** Whether no deadline of a record has passed. @param meta - The record's, if it is parsed already. */
  isAlive(record: SessionRecord, meta?: SessionMeta): boolean {
    const now = this.settings.now();
    const { lifetimes, idleFollowsCookie } = this.settings;
    if (record.expiresAt <= now || absoluteDeadline(record.createdAt, lifetimes) <= now) return false;
    // A shorter idle timeout also holds for sessions that were stored under a longer one.
    const { idleTimeout, longestIdle = Infinity } = lifetimes;
    const idle = Math.min(ownIdleOf(record, meta) ?? idleTimeout, longestIdle);
    return idleFollowsCookie || record.lastSeenAt + idle > now;
  }

  #upToDate(reading: Answer<SessionRecord | undefined>): Answer<SessionRecord | undefined> {
    const { schema } = this.settings;
    if (schema === undefined) return reading;
    return Promise.resolve(reading).then((record) => record && schema.load(record));
  }

  #state(loaded: LoadedSession, host: SessionHost<SessionState>): SessionState {
    return new SessionState(this.settings, host, withoutUsualCookie(loaded, host));
  }

  #find(opened: OpenedSession, host: SessionHost<SessionState>): Answer<SessionState> {
    const admit = (record: SessionRecord | undefined): SessionState =>
      this.#admit(opened.id, record && this.asOfNow(record), host) ?? this.fresh(host);
    const reading = this.recordOf(opened);
    if (!(reading instanceof Promise)) return admit(reading);
    return reading.then(admit, (error: unknown) => {
      if (!(error instanceof SessionStoreError) || this.settings.onStoreError === 'fail') throw error;
      const anonymous = this.fresh(host);
      anonymous.detach(error);
      return anonymous;
    });
  }

  /** Checks a record against every rule. */
  #admit(
    id: string,
    record: SessionRecord | undefined,
    host: SessionHost<SessionState>,
  ): SessionState | undefined {
    if (record === undefined) return this.#refuse('unknown', { key: this.settings.ids.keyOf(id) });
    if (isUnreadable(record)) return this.#refuse('corrupt', record);
    const standing = this.tokenStatusOf(id, record);
    if (standing === 'superseded') return this.#refuse('superseded', record);
    let loaded: LoadedSession;
    try {
      const meta = parseMeta(record.meta);
      if (!this.isAlive(record, meta)) return this.#refuse('expired', record);
      const successor = standing === 'previous' ? successorOf(meta, id) : undefined;
      loaded = { id: successor ?? id, record, meta, hasRenewedId: successor !== undefined };
    } catch {
      return this.#refuse('corrupt', record);
    }
    return this.admitted(loaded, host);
  }

  /** The session of a record that has passed every check. */
  protected admitted(loaded: LoadedSession, host: SessionHost<SessionState>): SessionState {
    this.reporter.loaded(loaded.record);
    return this.#state(loaded, host);
  }

  #refuse(
    reason: RejectedReason,
    record: { readonly key: string; readonly userId?: string | null },
  ): undefined {
    this.reporter.rejected(reason, record);
  }
}

/** In a row of another package, a `maxAge` equal to the default is not an override. */
function withoutUsualCookie(
  loaded: LoadedSession,
  { cookieDefaults }: SessionHost<SessionState>,
): LoadedSession {
  const { cookie, ...meta } = loaded.meta;
  const isUsual = loaded.record.due === 'touch' && cookie?.originalMaxAge === cookieDefaults.maxAge;
  if (cookie === undefined || !isUsual) return loaded;
  return { ...loaded, record: { ...loaded.record, meta: metaText(meta) }, meta };
}

/** The id that replaced `previousId`. @throws if it was sealed for another one. */
function successorOf({ rotation }: SessionMeta, previousId: string): string | undefined {
  return rotation?.successor === undefined ? undefined : openSuccessor(rotation.successor, previousId);
}

/** The idle timeout of a session with its own `cookie.maxAge`. */
function ownIdleOf(record: SessionRecord, meta?: SessionMeta): number | null | undefined {
  if (meta !== undefined) return meta.cookie?.originalMaxAge;
  if (!record.meta?.includes('originalMaxAge')) return undefined; // most have none, and need not be parsed
  try {
    return parseMeta(record.meta).cookie?.originalMaxAge;
  } catch {
    return undefined; // reported as corrupt when it is parsed for its values
  }
}
