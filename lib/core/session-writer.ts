import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers';
import { messages } from '../errors/messages.js';
import { SessionConflictError } from '../errors/session-conflict.error.js';
import { SessionDataError } from '../errors/session-data.error.js';
import type { EngineSettings } from './engine-settings.js';
import type { DestroyedReason } from './session-events.js';
import type { SessionLoader } from './session-loader.js';
import { parseMeta } from './session-meta.js';
import type { SessionRecord } from './session-record.js';
import type { SessionReporter } from './session-reporter.js';
import type { LocalChanges, SessionState } from './session-state.js';
import { knowsUsers, type SessionStore } from './session-store.js';
import type { SharedStore } from './shared-store.js';
import { type Turn, WriteTurns } from './write-turns.js';

/** Milliseconds for which a change that meets newer versions is tried before it is given up. */
const PERSISTENCE = 5_000;

/** Changes a session just before it is written; runs again whenever the write met a newer version. */
export type Prepare = () => void | Promise<void>;

/** Writes sessions against the version that was read, and carries changes over to newer ones. */
export class SessionWriter {
  readonly #turns = new WriteTurns();

  constructor(
    private readonly settings: EngineSettings,
    private readonly store: SessionStore,
    private readonly shared: SharedStore,
    private readonly loader: SessionLoader,
    private readonly reporter: SessionReporter,
  ) {}

  /** Whether a write would change nothing, or store what holds nothing. */
  hasNothingToStore(state: SessionState): boolean {
    if (state.base !== undefined) return state.staleness() === 'fresh';
    return !state.holdsSomething && !this.settings.saveUninitialized;
  }

  /** Writes a session; false when it was ended elsewhere. After an error the session is as it was before `prepare`. */
  async write(state: SessionState, prepare?: Prepare): Promise<boolean> {
    const before = prepare && state.snapshot();
    try {
      return await this.#turns.take(state.key, async (turn) => {
        const deadline = performance.now() + PERSISTENCE;
        for (let attempt = 0; performance.now() < deadline; attempt++) {
          if (attempt > 1) await backOff(attempt);
          if (attempt > 0 || turn.latest !== undefined) this.#catchUp(state, turn, before);
          if (state.ended !== undefined) return false;
          await prepare?.();
          if (this.hasNothingToStore(state) || (await this.#attempt(state, turn))) return true;
        }
        throw new SessionConflictError(messages.conflict(PERSISTENCE));
      });
    } catch (error) {
      state.login = undefined;
      state.renewal = undefined;
      if (before !== undefined) state.rebase(state.base, before);
      throw error;
    }
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
    const staleness = state.staleness() === 'touch' ? 'touch' : 'changed';
    const next = state.next(staleness);
    if (await this.shared.update({ key: base.key, version: base.version, next })) {
      turn.latest = next;
      state.stored(next);
      if (next.key !== base.key) this.reporter.rotated(next, base.key);
      if (next.userId !== base.userId) await this.#capSessionsOf(next);
      return true;
    }
    const latest = await this.shared.read(base.key);
    turn.latest = latest !== undefined && this.loader.isAlive(latest) ? latest : 'gone';
    return false;
  }

  async #create(state: SessionState, turn: Turn): Promise<boolean> {
    if (!state.host.canSend(state.cookie)) return true;
    const record = state.next('changed');
    if (!(await this.shared.create(record))) throw new SessionDataError(messages.storeExists);
    turn.latest = record;
    state.stored(record);
    this.reporter.created(record);
    if (record.userId !== null) await this.#capSessionsOf(record);
    return true;
  }

  /** Carries the request's changes over to what somebody else stored meanwhile. */
  #catchUp(state: SessionState, { latest }: Turn, before: LocalChanges | undefined): void {
    if (latest === undefined) return;
    if (latest === 'gone') {
      state.ended ??= 'elsewhere';
      return;
    }
    const { base } = state;
    if (base?.key === latest.key && base.version >= latest.version) return;
    try {
      const meta = parseMeta(latest.meta);
      if (base !== undefined && base.key !== latest.key) {
        // Renewed by somebody else: once is enough, unless this request signs a user in.
        if (state.renewal?.follow) state.renewal = undefined;
        state.followTo(this.loader.successorOf(meta, state.id));
      }
      state.rebase(latest, before);
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
    await this.shared.delete(record.key);
    this.reporter.destroyed(record, reason);
  }

  /** Ends a user's oldest sessions beyond the allowed number (OWASP ASVS 5.0, 7.1.2). */
  async #capSessionsOf({ userId, key }: SessionRecord): Promise<void> {
    const { store, settings } = this;
    if (settings.maxSessionsPerUser === undefined || userId === null || !knowsUsers(store)) return;
    const sessions = await this.shared.alone('findByUser', () => store.findByUser(userId, settings.now()));
    const others = sessions.filter((session) => session.key !== key);
    for (const { key: oldest } of others.slice(settings.maxSessionsPerUser - 1)) {
      await this.shared.delete(oldest);
      this.reporter.destroyed({ key: oldest, userId }, 'replaced');
    }
  }
}

/** Writers of several instances that meet again and again get out of step, and the slower one its chance. */
function backOff(attempt: number): Promise<unknown> {
  const longest = Math.min(2 ** attempt, 32);
  return new Promise((resolve) => setTimeout(resolve, Math.random() * longest));
}
