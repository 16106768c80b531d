import { messages } from '../errors/messages.js';
import { SessionEndedError } from '../errors/session-ended.error.js';
import { SessionStoreError } from '../errors/session-store.error.js';
import { SessionUsageError } from '../errors/session-usage.error.js';
import {
  type Commit,
  type EngineRules,
  type EngineSettings,
  rulesFor,
  type SessionHost,
} from './engine-settings.js';
import type { DestroyedReason, SessionEventHub } from './session-events.js';
import { SessionLoader } from './session-loader.js';
import { SessionReporter } from './session-reporter.js';
import type { SessionState } from './session-state.js';
import type { SessionRecord } from './session-record.js';
import type { SessionStore } from './session-store.js';
import { SessionWriter } from './session-writer.js';
import type { SharedStore } from './shared-store.js';

const NOTHING: Commit = { cookie: 'none' };
const CLEAR: Commit = { cookie: 'clear' };

/**
 * Loads sessions and commits what became of them. Knows ids, records and rules; no header, no request, no framework.
 */
export class SessionEngine {
  readonly settings: EngineRules;
  readonly #reporter: SessionReporter;
  readonly #loader: SessionLoader;
  readonly #writer: SessionWriter;

  constructor(settings: EngineSettings, store: SessionStore, shared: SharedStore, events: SessionEventHub) {
    const rules = rulesFor(settings, store);
    this.settings = rules;
    this.#reporter = new SessionReporter(events, rules.now, rules.handleOf);
    this.#loader = new SessionLoader(rules, shared, this.#reporter);
    this.#writer = new SessionWriter(rules, store, shared, this.#loader, this.#reporter);
  }

  /** The session that the cookie's values stand for, or a new one; at once where the store need not be asked. */
  open(tokens: readonly string[], host: SessionHost): SessionState | Promise<SessionState> {
    return this.#loader.open(tokens, host);
  }

  /** A new session, whatever the cookie said. */
  fresh(host: SessionHost): SessionState {
    return this.#loader.fresh(host);
  }

  /** The session that a record in hand holds. @throws SyntaxError when it cannot be read. */
  adopt(id: string, record: SessionRecord, host: SessionHost): SessionState {
    return this.#loader.stateOf(id, record, host);
  }

  /** The object an application works with. A record whose data cannot be read gives a fresh session. */
  present(state: SessionState): object {
    try {
      const session = this.settings.face.present(this, state);
      state.fill(session);
      return session;
    } catch (error) {
      if (state.base === undefined) throw error;
      this.#reporter.rejected('corrupt', state.base);
      state.startOver();
      return this.present(state);
    }
  }

  /** Stores what became of a session. Answers at once when there is nothing to store. */
  commit(state: SessionState): Commit | Promise<Commit> {
    if (state.detached !== undefined) return NOTHING;
    if (state.ended !== undefined) return this.cookieOf(state);
    if (state.base !== undefined) this.#renewIfDue(state);
    const writing = state.atOnce(() =>
      this.#writer.hasNothingToStore(state) ? undefined : this.#writer.write(state),
    );
    return writing === undefined ? this.cookieOf(state) : writing.then(() => this.cookieOf(state));
  }

  /**
   * Stores a session now, changed or not. What the store fails at is not tried again with the response: the application
   * knows, and a login that it answered with an error must not come true.
   */
  async save(state: SessionState): Promise<void> {
    this.#requireAttached(state);
    if (state.ended !== undefined) return;
    state.touchAsked = true;
    state.saveAsked = this.settings.saveUnchanged;
    try {
      await this.#writer.write(state);
    } catch (error) {
      if (error instanceof SessionStoreError) state.giveUp();
      throw error;
    }
    const isLost = state.base === undefined && state.ended === undefined && state.holdsSomething;
    if (isLost && state.host.headersSent) throw new SessionUsageError(messages.tooLate);
    this.#requireSent(state);
  }

  /** Replaces this request's copy by what the store holds. */
  async reload(state: SessionState): Promise<void> {
    this.#requireAttached(state);
    const record = state.base && !state.ended ? await this.#latestOf(state.base) : undefined;
    if (record === undefined || !this.#loader.isAlive(record)) throw new SessionEndedError(messages.ended);
    try {
      this.#loader.follow(state, record);
      state.restore(record);
    } catch {
      this.#reporter.rejected('corrupt', record);
      throw new SessionEndedError(messages.ended);
    }
  }

  /** Runs `fn` and stores what it did; runs it again on a newer version for as long as somebody else was faster. */
  async update<Result>(state: SessionState, fn: () => Result | Promise<Result>): Promise<Awaited<Result>> {
    this.#requireAttached(state);
    let result!: Awaited<Result>;
    const stored = await this.#writer.write(state, async () => {
      result = await fn();
    });
    if (!stored) throw new SessionEndedError(messages.ended);
    this.#requireSent(state);
    return result;
  }

  /** Gives the session a new id at once. */
  async rotate(state: SessionState): Promise<void> {
    this.#requireAttached(state);
    this.#requireOpenHead(state, 'rotate');
    if (state.base === undefined) return state.forgetId();
    state.renewal = { id: state.newId(), grace: 0, follow: true, scheduled: false };
    if (!(await this.#writer.write(state))) throw new SessionEndedError(messages.ended);
  }

  /** Makes the session a user's, under a new id. */
  async login(state: SessionState, userId: string, prepare: () => void): Promise<void> {
    this.#requireAttached(state);
    this.#requireOpenHead(state, 'login');
    const at = this.settings.now();
    if (state.ended !== undefined) state.startOver();
    if (state.base !== undefined) {
      state.renewal = { id: state.newId(), grace: 0, follow: false, scheduled: false };
      state.login = { userId, at };
      if (await this.#writer.write(state, prepare)) return;
      // Ended elsewhere meanwhile: what it held stays gone, and the login begins a session of its own.
      state.startOver(state.localChanges());
    }
    state.forgetId();
    state.login = { userId, at };
    await this.#writer.write(state, prepare);
  }

  /** Ends the session and gives the request a new, empty one. */
  async regenerate(state: SessionState): Promise<void> {
    this.#requireOpenHead(state, 'regenerate');
    await this.destroy(state, 'replaced');
    const next = this.#loader.fresh(state.host);
    next.replaces = true;
    state.host.setCurrent(next);
  }

  /** Ends the session in the store. */
  async destroy(state: SessionState, reason: DestroyedReason): Promise<void> {
    this.#requireAttached(state);
    const { base } = state;
    if (base !== undefined && state.ended === undefined) {
      if (this.settings.sealsCookies && state.host.cookieSettled)
        throw new SessionUsageError(messages.cookieLeft);
      await this.#writer.end(base, reason);
    }
    state.ended = 'here';
  }

  /** What is stored now; of a session that stands in its cookie nothing newer can be known. */
  #latestOf(base: SessionRecord): SessionRecord | Promise<SessionRecord | undefined> {
    return this.settings.sealsCookies ? base : this.#loader.read(base.key);
  }

  #renewIfDue(state: SessionState): void {
    const { lifetimes } = this.settings;
    if (lifetimes.rotateInterval === false || state.renewal !== undefined || state.host.headersSent) return;
    const age = this.settings.now() - (state.meta.rotation?.at ?? state.createdAt);
    if (age < lifetimes.rotateInterval || !state.host.canSend(state.cookie)) return;
    const id = state.newId();
    state.renewal = { id, grace: lifetimes.rotationGrace, follow: true, scheduled: true };
  }

  /** What the session's state means for the cookie. */
  cookieOf(state: SessionState): Commit {
    if (state.ended === 'here') return CLEAR;
    if (state.ended === 'elsewhere') return NOTHING;
    if (state.base === undefined) return state.replaces ? CLEAR : NOTHING;
    const due = state.cookieDue || (this.settings.rolling ?? state.isPersistent);
    if (!due || state.idLost || this.#writer.isOutdated(state) || !state.host.canSend(state.cookie))
      return NOTHING;
    return { cookie: 'set', token: state.host.codec.seal(state.id, state.base) };
  }

  #requireAttached(state: SessionState): void {
    if (state.detached !== undefined) throw state.detached;
  }

  /** A change that goes into the cookie is kept only if it was in time for that. */
  #requireSent(state: SessionState): void {
    const isLost = this.settings.sealsCookies && state.host.cookieSettled && state.ended === undefined;
    if (isLost && state.staleness() === 'changed') throw new SessionUsageError(messages.cookieLeft);
  }

  #requireOpenHead(state: SessionState, method: string): void {
    if (state.host.headersSent) throw new SessionUsageError(messages.headersSent(method));
  }
}
