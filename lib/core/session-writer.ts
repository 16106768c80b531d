import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers';
import { messages } from '../errors/messages.js';
import { SessionConflictError } from '../errors/session-conflict.error.js';
import { SessionDataError } from '../errors/session-data.error.js';
import { SessionStoreError } from '../errors/session-store.error.js';
import type { EngineRules } from './engine-settings.js';
import { KeyHistory } from './key-history.js';
import type { DestroyedReason } from './session-events.js';
import { nextRecord } from './next-record.js';
import type { SessionLoader } from './session-loader.js';
import type { SessionRecord, SessionSummary } from './session-record.js';
import type { SessionReporter } from './session-reporter.js';
import type { LocalChanges, SessionState } from './session-state.js';
import { knowsUsers, type SessionStore } from './session-store.js';
import type { SharedStore } from './shared-store.js';
import { SentVersions } from './sent-versions.js';
import { type Turn, WriteTurns } from './write-turns.js';

/** Milliseconds for which a change that meets newer versions is tried before it is given up. */
const PERSISTENCE = 5_000;

/** Logins within so many milliseconds are taken for simultaneous, on whichever instance. */
const SAME_TIME = 10_000;

/** Changes a session just before it is written; runs again whenever the write met a newer version. */
export type Prepare = () => void | Promise<void>;

/** Writes sessions against the version that was read, and carries changes over to newer ones. */
export class SessionWriter {
  readonly #turns = new WriteTurns();
  readonly #history: KeyHistory;
  readonly #sent: SentVersions;

  constructor(
    private readonly settings: EngineRules,
    private readonly store: SessionStore,
    private readonly shared: SharedStore,
    private readonly loader: SessionLoader,
    private readonly reporter: SessionReporter,
  ) {
    this.#history = new KeyHistory(settings.now);
    this.#sent = new SentVersions(settings.now);
  }

  /**
   * Whether a session's id was renewed, or the session ended, since this request read it, as far as this process knows; or
   * whether a cookie with a newer version of it was sent.
   */
  isOutdated({ base }: SessionState): boolean {
    return base !== undefined && (this.#history.has(base.key) || this.#sent.isBehind(base));
  }

  /** Whether a write would change nothing, or store what holds nothing. */
  hasNothingToStore(state: SessionState): boolean {
    if (state.isGivenUp) return true;
    if (state.base !== undefined) return state.staleness() === 'fresh';
    const { saveUninitialized, saveRegenerated } = this.settings;
    const isWanted = state.saveAsked || saveUninitialized || (saveRegenerated && state.replaces);
    return !isWanted && !state.holdsSomething;
  }

  /** Writes a session; false when it was ended elsewhere. After an error the session is as it was before `prepare`. */
  async write(state: SessionState, prepare?: Prepare): Promise<boolean> {
    let before: LocalChanges | undefined;
    try {
      before = prepare && state.snapshot();
      for (;;) {
        const { key } = state;
        const outcome = await this.#turns.take(key, (turn) =>
          this.#writeInTurn(state, key, turn, before, prepare),
        );
        if (outcome !== 'moved') return outcome;
      }
    } catch (error) {
      state.login = undefined;
      state.renewal = undefined;
      state.releaseFlash(before);
      if (before !== undefined) state.rebase(state.base, before);
      throw error;
    }
  }

  async #writeInTurn(
    state: SessionState,
    key: string,
    turn: Turn,
    before: LocalChanges | undefined,
    prepare: Prepare | undefined,
  ): Promise<boolean | 'moved'> {
    // This very request has renewed the id while this write stood in line: there is another line to stand in.
    if (state.key !== key) return 'moved';
    const deadline = performance.now() + PERSISTENCE;
    for (let attempt = 0; performance.now() < deadline; attempt++) {
      if (attempt > 1) await backOff(attempt);
      if (attempt > 0 || turn.latest !== undefined) this.#catchUp(state, turn, before, attempt > 0);
      if (state.ended !== undefined) return false;
      if (prepare !== undefined) await prepare();
      if (await state.atOnce(() => this.hasNothingToStore(state) || this.#attempt(state, turn))) return true;
    }
    throw new SessionConflictError(messages.conflict(PERSISTENCE));
  }

  /** One try at writing; on a conflict, learns what the store holds and answers false. */
  async #attempt(state: SessionState, turn: Turn): Promise<boolean> {
    const { base, host } = state;
    if (base === undefined) return this.#create(state, turn);
    if (state.renewal !== undefined && !host.canSend(state.cookie)) {
      // The new id could never reach the client: the old one is dead all the same.
      await this.#end(base, 'replaced');
      turn.latest = 'gone';
      state.startOver(state.localChanges());
      return true;
    }
    if (!this.loader.isAlive(base)) {
      // As it was read: other requests may have kept it alive since.
      turn.latest = await this.#latestOf(base);
      return false;
    }
    const staleness = state.staleness() === 'touch' ? 'touch' : 'changed';
    const next = this.#nextRecord(state, staleness);
    if (next.data !== base.data) await this.settings.schema?.check(next.data);
    const { key, version } = base;
    if (await this.shared.update({ key, version, next, keepsIndexes: isFiledAlike(base, next) })) {
      if (this.#isStranded(state)) return true;
      this.#noteKey(base, next, turn);
      state.stored(next);
      if (next.userId !== base.userId) await this.#capSessionsOf(next);
      return true;
    }
    turn.latest = await this.#latestOf(base);
    return false;
  }

  /** The record as it is to be stored; where it goes into the cookie, one that fits there. */
  #nextRecord(state: SessionState, staleness: Parameters<typeof nextRecord>[1]): SessionRecord {
    const record = nextRecord(state, staleness);
    if (this.settings.sealsCookies) state.host.codec.seal(state.renewal?.id ?? state.id, record);
    return record;
  }

  /** Whether a record that goes into the cookie has missed it. */
  #isStranded(state: SessionState): boolean {
    return this.settings.sealsCookies && !state.host.canSend(state.cookie);
  }

  async #latestOf({ key }: SessionRecord): Promise<SessionRecord | 'gone'> {
    const latest = await this.loader.read(key);
    return latest !== undefined && this.loader.isAlive(latest) ? latest : 'gone';
  }

  /** Under the id from before a login nobody gets at the session that was signed in, not even who was under way. */
  #noteKey(base: SessionRecord, next: SessionRecord, turn: Turn): void {
    turn.latest = next;
    if (this.settings.sealsCookies && next.version !== base.version) this.#sent.add(next);
    if (next.key === base.key) return;
    const follows = next.previousKey === base.key;
    this.#history.add(base.key, follows ? next.key : undefined);
    if (!follows) turn.latest = 'gone';
    this.reporter.rotated(next, base.key);
  }

  async #create(state: SessionState, turn: Turn): Promise<boolean> {
    if (!state.host.canSend(state.cookie)) return true;
    const record = this.#nextRecord(state, 'changed');
    await this.settings.schema?.check(record.data);
    if (!(await this.shared.create(record))) throw new SessionDataError(messages.storeExists);
    if (this.#isStranded(state)) return true;
    turn.latest = record;
    state.stored(record);
    this.reporter.created(record);
    if (record.userId !== null) await this.#capSessionsOf(record);
    return true;
  }

  /** Carries the request's changes over to what somebody else stored meanwhile. */
  #catchUp(state: SessionState, { latest }: Turn, before: LocalChanges | undefined, isReread: boolean): void {
    if (latest === undefined) return;
    if (latest === 'gone') {
      state.ended ??= 'elsewhere';
      return;
    }
    const { base } = state;
    // What was just read is what is stored. What another writer left behind can be older than what this request has read.
    const isKnown = isReread ? base?.version === latest.version : base && base.version >= latest.version;
    if (isKnown && base?.key === latest.key) {
      // The same data: at most somebody has touched it, while this write stood in line.
      if (base.version === latest.version) state.base = latest;
      state.isSeen = true;
      return;
    }
    try {
      // Renewed on schedule by somebody else: once is enough.
      if (base?.key !== latest.key && state.renewal?.scheduled) state.renewal = undefined;
      this.loader.follow(state, latest);
      state.rebase(latest, before);
      state.isSeen = true;
    } catch {
      this.reporter.rejected('corrupt', latest);
      state.ended = 'elsewhere';
    }
  }

  /** Ends a stored session; writers that come after find it gone. */
  end(record: SessionRecord, reason: DestroyedReason): Promise<void> {
    return this.#turns.take(record.key, async (turn) => {
      await this.#end(record, reason);
      turn.latest = 'gone';
    });
  }

  async #end(record: SessionRecord, reason: DestroyedReason): Promise<void> {
    const found = await this.shared.delete(record.key);
    const latest = this.#history.latestOf(record.key);
    this.#history.add(record.key);
    if (found || (latest !== record.key && (await this.shared.delete(latest)))) {
      this.reporter.destroyed(record, reason);
    }
  }

  /**
   * Ends a user's oldest sessions beyond the allowed number (OWASP ASVS 5.0, 7.1.2). The session in hand is stored
   * already: a store that fails here is told of as a `storeError`, and the next login makes up for it.
   */
  async #capSessionsOf({ userId, key, createdAt }: SessionRecord): Promise<void> {
    const { store, settings } = this;
    if (settings.maxSessionsPerUser === undefined || userId === null || !knowsUsers(store)) return;
    try {
      const sessions = await this.shared.alone('findByUser', () => store.findByUser(userId, settings.now()));
      // Logins at the same time rank each other, or they would end each other; what is dated later than that has
      // another clock, and does not outrank the login in hand.
      const isRival = (other: SessionSummary): boolean =>
        other.createdAt < createdAt + SAME_TIME && isBefore(other, { key, createdAt });
      const others = sessions.filter((session) => session.key !== key);
      const ranked = [...others.filter(isRival), { key }, ...others.filter((session) => !isRival(session))];
      for (const { key: oldest } of ranked.slice(settings.maxSessionsPerUser)) {
        if (await this.shared.delete(oldest)) this.reporter.destroyed({ key: oldest, userId }, 'replaced');
      }
    } catch (error) {
      if (!(error instanceof SessionStoreError)) throw error;
    }
  }
}

/** Writers of several instances that meet again and again get out of step, and the slower one its chance. */
function backOff(attempt: number): Promise<unknown> {
  const longest = Math.min(2 ** attempt, 8);
  return new Promise((resolve) => setTimeout(resolve, Math.random() * longest));
}

/** Whether two records of a session are found by the same. */
function isFiledAlike(one: SessionRecord, other: SessionRecord): boolean {
  return one.key === other.key && one.userId === other.userId && one.expiresAt === other.expiresAt;
}

/** The order of a user's sessions: newest first. */
function isBefore(one: Pick<SessionSummary, 'key' | 'createdAt'>, other: typeof one): boolean {
  return one.createdAt > other.createdAt || (one.createdAt === other.createdAt && one.key < other.key);
}
