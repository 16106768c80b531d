import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers';
import { messages } from '../../errors/messages.js';
import { SessionConflictError } from '../../errors/session-conflict.error.js';
import { SessionDataError } from '../../errors/session-data.error.js';
import type { SessionRules } from '../request/session-rules.js';
import type { DestroyedReason, SessionReporter } from '../record/session-events.js';
import { advise } from '../request/advice.js';
import { changeOf, type Intent, isSamePerson, nextRecord } from '../request/next-record.js';
import type { SessionCap } from './session-cap.js';
import type { SessionLoader } from './session-loader.js';
import { isBefore, type SessionChange, type SessionRecord } from '../record/session-record.js';
import type { LocalChanges } from '../request/loaded-session.js';
import type { SessionState } from '../request/session-state.js';
import { type Staleness, stalenessOf } from '../request/staleness.js';
import type { Answer, SharedStore } from '../store/shared-store.js';
import { type Turn, WriteQueue } from './write-queue.js';

/** Milliseconds for which a write is tried again after conflicts. */
const RETRY_TIME = 5_000;

/** What a write does besides storing the changes of the application. */
export interface Write extends Intent {
  /** Changes the session just before it is written; runs again whenever the write met a newer version. */
  readonly prepare?: (() => void | Promise<void>) | undefined;
  /** Writes the session even if it is unchanged or empty. */
  readonly isForced?: boolean;
  /** Writes at least a touch, so that the store confirms the version that this request knows. */
  readonly isCheck?: boolean;
}

/**
 * The outcome of a write. `'done'`: stored, or nothing to store. `'ended'`: the session was ended elsewhere. `'superseded'`:
 * a user signed in to it, or its id was renewed, so that this request must not continue with it.
 */
export type WriteOutcome = 'done' | 'ended' | 'superseded';

/** This request's changes before a call, to return to. */
interface Own {
  before: LocalChanges | undefined;
}

/** Writes sessions against the version that was read, and merges changes into newer versions. */
export class SessionWriter {
  readonly #queue = new WriteQueue();

  constructor(
    private readonly settings: SessionRules,
    private readonly shared: SharedStore,
    private readonly loader: SessionLoader,
    private readonly reporter: SessionReporter,
    private readonly cap: SessionCap,
  ) {}

  /** Whether a write would change nothing, or store an empty session. */
  hasNothingToStore(state: SessionState, write: Write = {}): boolean {
    const isAsked = write.isForced === true || write.login !== undefined || write.renewal !== undefined;
    if (isAsked || (write.isCheck && state.base !== undefined)) return false;
    if (state.content?.isFailed) return true;
    if (state.base !== undefined) return stalenessOf(state) === 'fresh';
    const { saveUninitialized, profile } = this.settings;
    return !saveUninitialized && !(profile.savesRegenerated && state.replaces) && !state.holdsSomething;
  }

  /** Writes a session. After an error the session is as it was before. */
  write(state: SessionState, write: Write = {}): Answer<WriteOutcome> {
    try {
      if (this.#writeAtOnce(state, write)) return 'done';
    } catch (error) {
      state.flashChanges?.release();
      throw error;
    }
    return this.#queue.run(state.key, (turn) => this.#writeInTurn(state, turn, write));
  }

  /**
   * The usual write where the store answers at once: a change of a stored session that nobody else in this process is writing.
   * Returns false, and has done nothing, if it is another write or meets a conflict.
   */
  #writeAtOnce(state: SessionState, write: Write): boolean {
    const { base } = state;
    const isPlain = write.renewal === undefined && write.prepare === undefined && isSamePerson(write);
    if (!this.shared.isImmediate || base === undefined || !isPlain) return false;
    if (state.isEnded || this.settings.schema !== undefined || this.#queue.isBusy(state.key)) return false;
    return state.serializingOnce(() => {
      if (this.hasNothingToStore(state, write)) return true;
      const staleness = stalenessFor(state, write, write);
      if (staleness === 'fresh') return true;
      if (!this.loader.isAlive(base) || this.loader.hasChangedHands(state, base)) return false;
      const next = this.#nextRecord(state, staleness, write);
      if (next.userId !== base.userId || this.shared.update(changeOf(state, base, next)) !== true)
        return false;
      state.stored(next);
      return true;
    });
  }

  /** Ends a session. Later writers find it gone. */
  async end(state: SessionState, reason: DestroyedReason): Promise<void> {
    if (!state.hasId) return; // it was never stored
    await this.#queue.run(state.key, async (turn) => {
      // Read now: the write before this one may have stored a new session.
      const { base } = state;
      if (base === undefined) return;
      await this.#delete(state, base, reason);
      turn.latest = 'gone';
    });
  }

  async #delete(state: SessionState, base: SessionRecord, reason: DestroyedReason): Promise<void> {
    // Somebody may have signed in since this request read it: the event must name the right user.
    const latest = this.reporter.hasDestroyedListeners ? await this.shared.read(state.place) : undefined;
    if (await this.shared.delete(state.place)) this.reporter.destroyed(latest ?? base, reason);
  }

  async #writeInTurn(state: SessionState, turn: Turn, write: Write): Promise<WriteOutcome> {
    const deadline = performance.now() + RETRY_TIME;
    const own: Own = { before: undefined };
    try {
      for (let attempt = 0; performance.now() < deadline; attempt++) {
        if (attempt > 1) await backOff(attempt);
        if (attempt > 0 || turn.latest !== undefined) this.#catchUp(state, turn, own.before, attempt > 0);
        if (state.isEnded)
          return turn.latest === undefined || turn.latest === 'gone' ? 'ended' : 'superseded';
        if (!isSamePerson(write) && !this.#mayChangePerson(state)) return 'superseded';
        if (write.prepare !== undefined) {
          // Not earlier: changes that the application makes while this write waits are kept.
          own.before ??= state.snapshot();
          const preparing = write.prepare();
          // Not where there is nothing to wait for: the application would run in between.
          if (preparing !== undefined) await preparing;
        }
        const isNothing = (): boolean => this.hasNothingToStore(state, write);
        if (await state.serializingOnce(() => isNothing() || this.#attempt(state, turn, write, own)))
          return 'done';
      }
      throw new SessionConflictError(messages.conflict(RETRY_TIME));
    } catch (error) {
      state.flashChanges?.release(own.before?.flash);
      if (own.before !== undefined) state.rebase(state.base, own.before);
      throw error;
    }
  }

  #mayChangePerson({ base, id }: SessionState): boolean {
    return base === undefined || this.loader.tokenStatusOf(id, base) !== 'superseded';
  }

  /** One try at writing; on a conflict, learns what the store holds and answers false. */
  async #attempt(state: SessionState, turn: Turn, write: Write, own: Own): Promise<boolean> {
    const { base, host } = state;
    if (base === undefined) return this.#create(state, turn, write);
    // If another request has renewed the id, it is not renewed again.
    const renewal = !isSamePerson(write) || state.hasCurrentId ? write.renewal : undefined;
    const { login, identity, asksForDevice } = write;
    const intent = { login, identity, asksForDevice, renewal };
    const staleness = stalenessFor(state, write, intent);
    if (staleness === 'fresh') return true;
    if (renewal !== undefined && !host.canSend(state.cookie)) {
      // The new id could not be sent to the client, and the old one must not work any more.
      await this.#delete(state, base, 'replaced');
      turn.latest = 'gone';
      state.startOver(state.localChanges());
      return true;
    }
    if (!this.loader.isAlive(base) || this.loader.hasChangedHands(state, base)) {
      // As it was read: other requests may have kept it alive since.
      turn.latest = await this.loader.latestOf(state, base);
      return false;
    }
    const next = this.#nextRecord(state, staleness, intent);
    if (next.data !== base.data) await this.settings.schema?.check(next.data);
    if (!(await this.#update(changeOf(state, base, next), renewal !== undefined))) {
      turn.latest = await this.loader.latestOf(state, base);
      // The store may have applied it although the answer was lost: only this request writes this version.
      const isOwn = turn.latest !== 'gone' && turn.latest.version === next.version && staleness !== 'touch';
      if (!isOwn) {
        // Keeps what the application has changed during the write.
        own.before &&= state.withChangesSince(next.data, own.before);
        return false;
      }
    }
    // The previous cookie stays valid, unless another request of this process has continued from here.
    if (this.#missedCookie(state) && (await this.#revert(state, base, next))) return true;
    turn.latest = next;
    state.stored(next, renewal?.id);
    if (renewal !== undefined) this.reporter.rotated(next, renewal.reason);
    if (next.userId !== base.userId) await this.cap.enforce(state, next);
    return true;
  }

  /**
   * Replaces a record. If the call fails and the record has a new id, it reads the record once: the change may have been
   * applied, and then only this request knows the id. A store that keeps sessions under their ids moves the record in
   * several steps, so that the record does not tell whether the old id still works.
   */
  async #update(change: SessionChange, isRenewal: boolean): Promise<boolean> {
    try {
      return await this.shared.update(change);
    } catch (error) {
      if (isRenewal && !this.settings.keepsIds && (await this.#isApplied(change))) return true;
      throw error;
    }
  }

  async #isApplied({ key, next }: SessionChange): Promise<boolean> {
    try {
      return (await this.shared.read(key))?.version === next.version;
    } catch {
      return false; // the caller throws the first error; both were reported
    }
  }

  /** The record to store. If it goes into the cookie, it is checked to fit. */
  #nextRecord(state: SessionState, staleness: 'touch' | 'changed', intent: Intent): SessionRecord {
    const record = nextRecord(state, staleness, intent);
    advise(state, record, intent);
    if (this.settings.sealsCookies) state.host.codec.seal(intent.renewal?.id ?? state.id, record);
    return record;
  }

  /** Whether a record that goes into the cookie came too late for it. */
  #missedCookie(state: SessionState): boolean {
    return this.settings.sealsCookies && !state.host.canSend(state.cookie);
  }

  #revert(state: SessionState, base: SessionRecord, { version }: SessionRecord): Answer<boolean> {
    return this.shared.update({ key: state.place, version, next: base });
  }

  async #create(state: SessionState, turn: Turn, { login }: Write): Promise<boolean> {
    if (!state.host.canSend(state.cookie)) return true;
    const record = this.#nextRecord(state, 'changed', { login });
    await this.settings.schema?.check(record.data);
    if (!(await this.#createOnce(state, record))) throw new SessionDataError(messages.storeExists);
    if (state.isEnded) {
      // A call that no longer waited for this slow store has ended it.
      await this.#delete(state, record, 'logout');
      return true;
    }
    if (this.#missedCookie(state)) return true;
    turn.latest = record;
    state.stored(record);
    this.reporter.created(record);
    if (record.userId !== null) await this.cap.enforce(state, record);
    return true;
  }

  /** Adds a record. Returns false if its key is taken by another. */
  async #createOnce(state: SessionState, record: SessionRecord): Promise<boolean> {
    try {
      if (await this.shared.create(record)) return true;
    } catch (error) {
      // It may be stored all the same. Its cookie is never sent, and its id not used again.
      void this.shared.delete(state.place).catch(() => false);
      state.forgetId();
      throw error;
    }
    // The store may have added it although the answer was lost.
    const there = await this.shared.read(state.place);
    return there?.version === record.version && there.token === record.token;
  }

  /** Merges the request's changes into what another request stored meanwhile. */
  #catchUp(state: SessionState, { latest }: Turn, before: LocalChanges | undefined, isReread: boolean): void {
    if (latest === undefined) return;
    const { base } = state;
    if (latest !== 'gone') {
      // A record that was just read is stored. What another writer handed over can be older than this request's record.
      // The end of acting by its limit is another epoch of the same version.
      const isSame = base?.version === latest.version && base.epoch === latest.epoch;
      if (isSame || (!isReread && base !== undefined && isBefore(latest, base))) {
        // The same data: at most it was touched while this write waited.
        if (isSame) state.base = latest;
        state.writtenByOthers();
        return;
      }
    }
    this.loader.takeOver(state, latest, (record) => {
      state.rebase(record, before);
      state.writtenByOthers();
    });
  }
}

function stalenessFor(state: SessionState, write: Write, { login, renewal }: Intent): Staleness {
  if (write.isForced === true || login !== undefined || renewal !== undefined) return 'changed';
  const staleness = stalenessOf(state);
  return staleness === 'fresh' && write.isCheck ? 'touch' : staleness;
}

/** Waits for a random time, so that writers of several instances get out of step. */
function backOff(attempt: number): Promise<unknown> {
  const longest = Math.min(2 ** attempt, 8);
  return new Promise((resolve) => setTimeout(resolve, Math.random() * longest));
}
