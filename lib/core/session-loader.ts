import { SessionStoreError } from '../errors/session-store.error.js';
import type { EngineRules, OpenedToken, SessionHost } from './engine-settings.js';
import { absoluteDeadline } from './lifetime.js';
import type { RejectedReason } from './session-events.js';
import { openSuccessor } from './session-id.js';
import { parseMeta, type SessionMeta } from './session-meta.js';
import type { SessionRecord } from './session-record.js';
import type { SessionReporter } from './session-reporter.js';
import { SessionState } from './session-state.js';
import type { SharedStore } from './shared-store.js';

/** A browser sends a few cookies of one name at most; a whole header full of them would only cost signatures. */
const MOST_TOKENS = 8;

/** A cookie value that was found to be valid. */
type OpenedSession = Extract<OpenedToken, { readonly id: string }>;

/** Finds the session that a cookie stands for, and checks it against every rule before anybody sees it. */
export class SessionLoader {
  constructor(
    private readonly settings: EngineRules,
    private readonly shared: SharedStore,
    private readonly reporter: SessionReporter,
  ) {}

  /**
   * The session that the first valid one of the cookie's values stands for, or a new one. Never adopts an id that
   * the store does not know.
   */
  open(tokens: readonly string[], host: SessionHost): SessionState | Promise<SessionState> {
    let refused: RejectedReason | undefined;
    for (const token of tokens.slice(0, MOST_TOKENS)) {
      const opened = host.codec.open(token);
      if ('id' in opened) return this.#find(opened, host);
      refused = opened.rejected;
    }
    if (refused !== undefined) this.reporter.rejected(refused);
    return this.fresh(host);
  }

  /** The record of a cookie, as this release of the application understands it. */
  recordOf({ id, record }: OpenedSession): Promise<SessionRecord | undefined> {
    return record === undefined
      ? this.read(this.settings.keyOf(id))
      : this.#upToDate(Promise.resolve(record));
  }

  /** The record under a key, as this release of the application understands it. */
  read(key: string): Promise<SessionRecord | undefined> {
    return this.#upToDate(this.shared.read(key));
  }

  #upToDate(reading: Promise<SessionRecord | undefined>): Promise<SessionRecord | undefined> {
    const { schema } = this.settings;
    if (schema === undefined) return reading;
    return reading.then((record) => record && schema.load(record));
  }

  /** A new session. */
  fresh(host: SessionHost): SessionState {
    return new SessionState(this.settings, host);
  }

  /** The session that a record holds. @throws SyntaxError when the record's `meta` cannot be read. */
  stateOf(id: string, record: SessionRecord, host: SessionHost): SessionState {
    return this.#state(id, record, parseMeta(record.meta), host);
  }

  #state(id: string, record: SessionRecord, meta: SessionMeta, host: SessionHost): SessionState {
    // A cookie that lives as long as all do is none of the session's own, whoever wrote it down.
    const isOwn = record.due !== 'touch' || meta.cookie?.originalMaxAge !== host.cookieDefaults.maxAge;
    const loaded = isOwn ? { record, meta } : { record: { ...record, meta: null }, meta: {} };
    return new SessionState(this.settings, host, { id, ...loaded });
  }

  async #find(opened: OpenedSession, host: SessionHost): Promise<SessionState> {
    const { id } = opened;
    const key = this.settings.keyOf(id);
    try {
      const record = await this.recordOf(opened);
      const isOver = record !== undefined && !this.isAlive(record);
      const state = isOver ? this.#refuse('expired', record) : this.#admit(id, key, record, host);
      // Others who write such a row may have kept it alive in a way that does not show in it.
      if (isOver && !this.settings.keepsCookies && !this.settings.sealsCookies) await this.#bury(record);
      return state ?? this.fresh(host);
    } catch (error) {
      if (!(error instanceof SessionStoreError) || this.settings.onStoreError === 'fail') throw error;
      const anonymous = this.fresh(host);
      anonymous.detached = error;
      return anonymous;
    }
  }

  /** Checks a record that is alive against all other rules. */
  #admit(
    id: string,
    key: string,
    record: SessionRecord | undefined,
    host: SessionHost,
  ): SessionState | undefined {
    if (record === undefined) return this.#refuse('unknown', { key });
    let meta: SessionMeta;
    let currentId: string | undefined = id;
    try {
      meta = parseMeta(record.meta);
      if (record.key !== key) currentId = this.successorOf(meta, id);
    } catch {
      return this.#refuse('corrupt', record);
    }
    if (currentId === undefined) return this.#refuse('unknown', { key });
    const state = this.#state(currentId, record, meta, host);
    state.cookieDue = currentId !== id;
    this.reporter.loaded(record);
    return state;
  }

  /** Takes over the id of a record that a session was found to have by now. @throws where the record cannot be read. */
  follow(state: SessionState, latest: SessionRecord): void {
    if (state.base === undefined || state.base.key === latest.key) return;
    state.followTo(this.successorOf(parseMeta(latest.meta), state.id));
  }

  /** The id that took the place of `previousId`, while its grace period lasts. */
  successorOf({ rotation }: SessionMeta, previousId: string): string | undefined {
    if (rotation?.successor === undefined || rotation.until <= this.settings.now()) return undefined;
    return openSuccessor(rotation.successor, previousId);
  }

  /** Whether no deadline of a record has passed. */
  isAlive(record: SessionRecord): boolean {
    const now = this.settings.now();
    const { lifetimes, idleFollowsCookie } = this.settings;
    if (record.expiresAt <= now || absoluteDeadline(record.createdAt, lifetimes) <= now) return false;
    // A shorter idle timeout holds for sessions that were stored under a longer one, too.
    return idleFollowsCookie || record.lastSeenAt + (ownIdleOf(record) ?? lifetimes.idleTimeout) > now;
  }

  /** Ends what has expired, rather than leave it for others to find. A store that fails here is told of as `storeError`. */
  async #bury(record: SessionRecord): Promise<void> {
    try {
      if (await this.shared.delete(record.key)) this.reporter.destroyed(record, 'expired');
    } catch (error) {
      if (!(error instanceof SessionStoreError)) throw error;
    }
  }

  #refuse(
    reason: RejectedReason,
    record: { readonly key: string; readonly userId?: string | null },
  ): undefined {
    this.reporter.rejected(reason, record);
  }
}

/** The idle timeout of a session that was given a cookie life of its own. */
function ownIdleOf({ meta }: SessionRecord): number | null | undefined {
  if (meta === null) return undefined;
  try {
    return parseMeta(meta).cookie?.originalMaxAge;
  } catch {
    return undefined; // found to be corrupt where it is read for its values
  }
}
