import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers';
import { messages } from '../errors/messages.js';
import { SessionConflictError } from '../errors/session-conflict.error.js';
import { SessionDataError } from '../errors/session-data.error.js';
import { SessionEndedError } from '../errors/session-ended.error.js';
import { SessionStoreError } from '../errors/session-store.error.js';
import { SessionUsageError } from '../errors/session-usage.error.js';
import type { Commit, EngineSettings, SessionHost } from './engine-settings.js';
import { absoluteDeadline } from './lifetime.js';
import type { DestroyedReason, RejectedReason, SessionEventHub } from './session-events.js';
import { openSuccessor } from './session-id.js';
import { parseMeta, type SessionMeta } from './session-meta.js';
import type { SessionRecord } from './session-record.js';
import { newId, SessionState } from './session-state.js';
import { knowsUsers, type SessionStore } from './session-store.js';
import { SESSION_MEMBERS, SessionObject } from './session.js';
import type { SharedStore } from './shared-store.js';
import { type Turn, WriteTurns } from './write-turns.js';

const NOTHING: Commit = { cookie: 'none' };
const CLEAR: Commit = { cookie: 'clear' };

/** Milliseconds for which a change that meets newer versions is tried before it is given up. */
const PERSISTENCE = 5_000;

/** Changes a session just before it is written; runs again whenever the write met a newer version. */
type Prepare = () => void | Promise<void>;

/**
 * Loads sessions and commits what became of them. Knows ids, records and rules; no header, no request, no framework.
 */
export class SessionEngine {
  readonly #turns = new WriteTurns();

  constructor(
    readonly settings: EngineSettings,
    private readonly store: SessionStore,
    private readonly shared: SharedStore,
    private readonly events: SessionEventHub,
  ) {}

  /**
   * The session that the first valid one of the cookie's values stands for, or a new one. Never adopts an id that
   * the store does not know.
   */
  open(tokens: readonly string[], host: SessionHost): SessionState | Promise<SessionState> {
    let refused: RejectedReason | undefined;
    for (const token of tokens) {
      const opened = this.settings.codec.open(token);
      if ('id' in opened) return this.#find(opened.id, host);
      refused = opened.rejected;
    }
    if (refused !== undefined) this.#rejected(refused);
    return this.#fresh(host);
  }

  /** The object an application works with. A record whose data cannot be read gives a fresh session. */
  present(state: SessionState): SessionObject {
    const session = new SessionObject(this, state);
    try {
      state.fill(session);
      return session;
    } catch {
      this.#rejected('corrupt', state.base);
      state.startOver();
      return this.present(state);
    }
  }

  /** Stores what became of a session. Answers at once when there is nothing to store. */
  commit(state: SessionState): Commit | Promise<Commit> {
    if (state.detached !== undefined) return NOTHING;
    if (state.ended !== undefined) return this.#cookieOf(state);
    if (state.base !== undefined) this.#renewIfDue(state);
    if (this.#nothingToStore(state)) return this.#cookieOf(state);
    return this.#flush(state).then(() => this.#cookieOf(state));
  }

  /** Stores a session now, changed or not. */
  async save(state: SessionState): Promise<void> {
    this.#requireAttached(state);
    if (state.ended !== undefined) return;
    state.touchAsked = true;
    await this.#flush(state);
  }

  /** Replaces this request's copy by what the store holds. */
  async reload(state: SessionState): Promise<void> {
    this.#requireAttached(state);
    const record = state.base && !state.ended ? await this.shared.read(state.base.key) : undefined;
    if (record === undefined || !this.#isAlive(record)) throw new SessionEndedError(messages.ended);
    state.restore(record);
  }

  /** Runs `fn` and stores what it did; runs it again on a newer version for as long as somebody else was faster. */
  async update<Result>(state: SessionState, fn: () => Result | Promise<Result>): Promise<Awaited<Result>> {
    this.#requireAttached(state);
    let result!: Awaited<Result>;
    const stored = await this.#flush(state, async () => {
      result = await fn();
    });
    if (!stored) throw new SessionEndedError(messages.ended);
    return result;
  }

  /** Gives the session a new id at once. */
  async rotate(state: SessionState): Promise<void> {
    this.#requireAttached(state);
    this.#requireOpenHead(state, 'rotate');
    if (state.base === undefined) return state.forgetId();
    state.renewal = { id: newId(this.settings, state.host), grace: 0, follow: true };
    if (!(await this.#flush(state))) throw new SessionEndedError(messages.ended);
  }

  /** Makes the session a user's, under a new id. */
  async login(state: SessionState, userId: string, prepare: () => void): Promise<void> {
    this.#requireAttached(state);
    this.#requireOpenHead(state, 'login');
    const at = this.settings.now();
    if (state.ended !== undefined) state.startOver();
    if (state.base !== undefined) {
      state.login = { userId, at };
      state.renewal = { id: newId(this.settings, state.host), grace: 0, follow: false };
      if (await this.#flush(state, prepare)) return;
      // Ended elsewhere meanwhile: what it held stays gone, and the login begins a session of its own.
      state.startOver(state.localChanges());
    }
    state.forgetId();
    state.login = { userId, at };
    await this.#flush(state, prepare);
  }

  /** Ends the session and gives the request a new, empty one. */
  async regenerate(state: SessionState): Promise<void> {
    this.#requireOpenHead(state, 'regenerate');
    await this.destroy(state, 'replaced');
    const next = this.#fresh(state.host);
    next.replaces = true;
    state.host.setCurrent(next);
  }

  /** Ends the session in the store. */
  async destroy(state: SessionState, reason: DestroyedReason): Promise<void> {
    this.#requireAttached(state);
    const { base } = state;
    if (base !== undefined && state.ended === undefined) {
      await this.#turns.take(base.key, async (turn) => {
        await this.#end(base, reason);
        turn.latest = 'gone';
      });
    }
    state.ended = 'here';
  }

  #fresh(host: SessionHost): SessionState {
    return new SessionState(this.settings, host, SESSION_MEMBERS);
  }

  async #find(id: string, host: SessionHost): Promise<SessionState> {
    const key = this.settings.keyOf(id);
    try {
      const record = await this.shared.read(key);
      return this.#admit(id, key, record, host) ?? this.#fresh(host);
    } catch (error) {
      if (!(error instanceof SessionStoreError) || this.settings.onStoreError === 'fail') throw error;
      const anonymous = this.#fresh(host);
      anonymous.detached = error;
      return anonymous;
    }
  }

  /** Checks a record against every rule before anybody sees it. */
  #admit(
    id: string,
    key: string,
    record: SessionRecord | undefined,
    host: SessionHost,
  ): SessionState | undefined {
    if (record === undefined) return this.#rejected('unknown', { key });
    if (!this.#isAlive(record)) return this.#rejected('expired', record);
    let meta: SessionMeta;
    let currentId: string | undefined = id;
    try {
      meta = parseMeta(record.meta);
      if (record.key !== key) currentId = this.#successor(meta, id);
    } catch {
      return this.#rejected('corrupt', record);
    }
    if (currentId === undefined) return this.#rejected('unknown', { key });
    const state = new SessionState(this.settings, host, SESSION_MEMBERS, { id: currentId, record, meta });
    state.cookieDue = currentId !== id;
    if (this.events.active) this.#emit('loaded', record);
    return state;
  }

  /** The id that took the place of `previousId`, while its grace period lasts. */
  #successor({ rotation }: SessionMeta, previousId: string): string | undefined {
    if (rotation?.successor === undefined || rotation.until <= this.settings.now()) return undefined;
    return openSuccessor(rotation.successor, previousId);
  }

  #isAlive(record: SessionRecord): boolean {
    const now = this.settings.now();
    const { lifetimes, idleFollowsCookie } = this.settings;
    if (record.expiresAt <= now || absoluteDeadline(record.createdAt, lifetimes) <= now) return false;
    // A shorter idle timeout holds for sessions that were stored under a longer one, too.
    return record.meta !== null || idleFollowsCookie || record.lastSeenAt + lifetimes.idleTimeout > now;
  }

  #nothingToStore(state: SessionState): boolean {
    if (state.base !== undefined) return state.staleness() === 'fresh';
    return !state.holdsSomething && !this.settings.saveUninitialized;
  }

  #renewIfDue(state: SessionState): void {
    const { lifetimes } = this.settings;
    if (lifetimes.rotateInterval === false || state.renewal !== undefined || state.host.headersSent) return;
    const age = this.settings.now() - (state.meta.rotation?.at ?? state.createdAt);
    if (age < lifetimes.rotateInterval || !state.host.canSend(state.cookie)) return;
    const id = newId(this.settings, state.host);
    state.renewal = { id, grace: lifetimes.rotationGrace, follow: true };
  }

  /** Writes a session; false when it was ended elsewhere. After an error the session is as it was before `prepare`. */
  async #flush(state: SessionState, prepare?: Prepare): Promise<boolean> {
    const before = prepare && state.snapshot();
    try {
      return await this.#turns.take(state.key, async (turn) => {
        const deadline = performance.now() + PERSISTENCE;
        for (let attempt = 0; performance.now() < deadline; attempt++) {
          await backOff(attempt);
          if (attempt > 0 || turn.latest !== undefined) this.#catchUp(state, turn, before);
          if (state.ended !== undefined) return false;
          await prepare?.();
          if (this.#nothingToStore(state) || (await this.#attempt(state, turn))) return true;
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
      if (next.key !== base.key && this.events.active)
        this.#emit('rotated', next, { previousHandle: base.key });
      if (next.userId !== base.userId) await this.#capSessionsOf(next);
      return true;
    }
    const latest = await this.shared.read(base.key);
    turn.latest = latest !== undefined && this.#isAlive(latest) ? latest : 'gone';
    return false;
  }

  async #create(state: SessionState, turn: Turn): Promise<boolean> {
    if (!state.host.canSend(state.cookie)) return true;
    const record = state.next('changed');
    if (!(await this.shared.create(record))) throw new SessionDataError(messages.storeExists);
    turn.latest = record;
    state.stored(record);
    if (this.events.active) this.#emit('created', record);
    if (record.userId !== null) await this.#capSessionsOf(record);
    return true;
  }

  /** Carries the request's changes over to what somebody else stored meanwhile. */
  #catchUp(
    state: SessionState,
    { latest }: Turn,
    before: ReturnType<SessionState['snapshot']> | undefined,
  ): void {
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
        state.followTo(this.#successor(meta, state.id));
      }
      state.rebase(latest, before);
    } catch {
      this.#rejected('corrupt', latest);
      state.ended = 'elsewhere';
    }
  }

  async #end(record: SessionRecord, reason: DestroyedReason): Promise<void> {
    await this.shared.delete(record.key);
    if (this.events.active) this.#emit('destroyed', record, { reason });
  }

  /** Ends a user's oldest sessions beyond the allowed number (OWASP ASVS 5.0, 7.1.2). */
  async #capSessionsOf({ userId, key }: SessionRecord): Promise<void> {
    const { store, settings } = this;
    if (settings.maxSessionsPerUser === undefined || userId === null || !knowsUsers(store)) return;
    const sessions = await this.shared.alone('findByUser', () => store.findByUser(userId, settings.now()));
    const others = sessions.filter((session) => session.key !== key);
    for (const { key: oldest } of others.slice(settings.maxSessionsPerUser - 1)) {
      await this.shared.delete(oldest);
      if (this.events.active) this.#emit('destroyed', { key: oldest, userId }, { reason: 'replaced' });
    }
  }

  #cookieOf(state: SessionState): Commit {
    if (state.ended === 'here') return CLEAR;
    if (state.ended === 'elsewhere') return NOTHING;
    if (state.base === undefined) return state.replaces ? CLEAR : NOTHING;
    const due = state.cookieDue || (this.settings.rolling ?? state.isPersistent);
    if (!due || state.idLost || !state.host.canSend(state.cookie)) return NOTHING;
    return { cookie: 'set', token: this.settings.codec.seal(state.id) };
  }

  #requireAttached(state: SessionState): void {
    if (state.detached !== undefined) throw state.detached;
  }

  #requireOpenHead(state: SessionState, method: string): void {
    if (state.host.headersSent) throw new SessionUsageError(messages.headersSent(method));
  }

  #rejected(
    reason: RejectedReason,
    record?: { readonly key: string; readonly userId?: string | null },
  ): undefined {
    if (!this.events.active) return;
    const at = new Date(this.settings.now());
    this.events.emit({ type: 'rejected', at, reason, ...(record && factsOf(record)) });
  }

  #emit<Type extends 'created' | 'loaded' | 'rotated' | 'destroyed'>(
    type: Type,
    record: { readonly key: string; readonly userId: string | null },
    facts: { previousHandle?: string; reason?: DestroyedReason } = {},
  ): void {
    const at = new Date(this.settings.now());
    this.events.emit({ type, at, ...factsOf(record), ...facts } as Parameters<SessionEventHub['emit']>[0]);
  }
}

/** Writers of several instances that meet again and again get out of step, and the slower one its chance. */
function backOff(attempt: number): Promise<unknown> | undefined {
  if (attempt < 2) return undefined;
  const longest = Math.min(2 ** attempt, 32);
  return new Promise((resolve) => setTimeout(resolve, Math.random() * longest));
}

function factsOf(record: { readonly key: string; readonly userId?: string | null }): {
  handle: string;
  userId?: string;
} {
  return { handle: record.key, ...(record.userId != null && { userId: record.userId }) };
}
