import { messages } from '../../errors/messages.js';
import { SessionEndedError } from '../../errors/session-ended.error.js';
import { SessionStoreError } from '../../errors/session-store.error.js';
import { SessionUsageError } from '../../errors/session-usage.error.js';
import type { SessionRules, SessionSettings } from '../request/session-rules.js';
import { renewsCookie } from '../request/staleness.js';
import { rulesFor } from './rules-for.js';
import { type Login, needsNewId, type Renewal } from '../request/next-record.js';
import { IdentityCalls } from './identity-calls.js';
import { LockingLoader } from './locking-loader.js';
import { newId, requireOpenHead } from './new-id.js';
import { SessionCap } from './session-cap.js';
import { SessionEnds } from './session-ends.js';
import { type DestroyedReason, type SessionEventHub, SessionReporter } from '../record/session-events.js';
import { SessionLoader } from './session-loader.js';
import type { LocalChanges } from '../request/loaded-session.js';
import type { SessionState } from '../request/session-state.js';
import type { SessionHost } from '../request/session-host.js';
import type { SessionRecord } from '../record/session-record.js';
import type { SessionStore } from '../store/session-store.js';
import { SessionWriter, type Write } from './session-writer.js';
import type { Answer, SharedStore } from '../store/shared-store.js';

/** What a commit means for the cookie. */
export type Commit =
  | { readonly cookie: 'none' }
  | { readonly cookie: 'clear' }
  | { readonly cookie: 'set'; readonly token: string };

/** Milliseconds for which an id counts as current after a write has found it so. */
const TRUST_TIME = 1_000;

const NOTHING: Commit = { cookie: 'none' };
const CLEAR: Commit = { cookie: 'clear' };

/**
 * Loads sessions and commits their changes. It knows ids, records and rules, but no header, request or framework. The
 * caller makes the calls of one request one after the other (`SessionCalls`).
 */
export class SessionEngine {
  readonly settings: SessionRules;
  /** The calls that change the person behind a session without a login. */
  readonly identity: IdentityCalls;
  /** The ends of sessions that are not those of the request. */
  readonly ends: SessionEnds;
  readonly #present: (engine: SessionEngine, state: SessionState) => object;
  readonly #reporter: SessionReporter;
  readonly #loader: SessionLoader;
  readonly #writer: SessionWriter;

  /** @param present - Makes the object that an application works with, without its data. */
  constructor(
    settings: SessionSettings,
    store: SessionStore,
    shared: SharedStore,
    events: SessionEventHub,
    present: (engine: SessionEngine, state: SessionState) => object,
  ) {
    this.#present = present;
    const rules = rulesFor(settings, store);
    this.settings = rules;
    this.#reporter = new SessionReporter(events, rules.now);
    const Loader = rules.bindsDevices ? LockingLoader : SessionLoader;
    this.#loader = new Loader(rules, shared, this.#reporter);
    this.ends = new SessionEnds(rules, shared, this.#reporter);
    const cap = new SessionCap(rules, store, shared, this.ends, this.#reporter);
    this.#writer = new SessionWriter(rules, shared, this.#loader, this.#reporter, cap);
    this.identity = new IdentityCalls(rules, this.#writer);
  }

  /** The session of the cookie's values, or a new one. Synchronous if the store is not needed. */
  open(tokens: Iterable<string>, host: SessionHost<SessionState>): Answer<SessionState> {
    return this.#loader.open(tokens, host);
  }

  /** A new session. */
  fresh(host: SessionHost<SessionState>): SessionState {
    return this.#loader.fresh(host);
  }

  /** The live session under a key. It checks no id. Not for stores that keep sessions under their ids. */
  find(key: string, host: SessionHost<SessionState>): Promise<SessionState | undefined> {
    return this.#loader.find(key, host);
  }

  /** The session in a given record. @throws SyntaxError if it cannot be read. */
  adopt(id: string, record: SessionRecord, host: SessionHost<SessionState>): SessionState {
    return this.#loader.stateOf(id, record, host);
  }

  /** The object that an application works with. A record whose data cannot be read gives a new session. */
  present(state: SessionState): object {
    try {
      const session = this.#present(this, state);
      state.fill(session);
      return session;
    } catch (error) {
      if (state.base === undefined) throw error;
      this.#reporter.rejected('corrupt', state.base);
      state.startOver();
      return this.present(state);
    }
  }

  /** Stores the changes of a session. Synchronous if there is nothing to store. */
  commit(state: SessionState): Answer<Commit> {
    if (state.detachedBy !== undefined) return NOTHING;
    if (state.isEnded) return this.cookieOf(state);
    const write = { renewal: this.#dueRenewal(state), isCheck: this.#mustCheck(state) };
    const writing = state.serializingOnce(() =>
      this.#writer.hasNothingToStore(state, write) ? undefined : this.#writer.write(state, write),
    );
    return writing instanceof Promise ? writing.then(() => this.cookieOf(state)) : this.cookieOf(state);
  }

  /**
   * Stores a session now, changed or not. After a failure the response does not try again: the application knows of the
   * error, and a login that it answered with an error must not happen later.
   */
  async save(state: SessionState): Promise<void> {
    state.requireAttached();
    if (state.isEnded) return;
    state.touchRequested = true;
    try {
      await this.#writer.write(state, { isForced: this.settings.profile.savesUnchanged });
    } catch (error) {
      if (error instanceof SessionStoreError) state.content?.markFailed();
      throw error;
    }
    const isLost = state.status === 'new' && state.holdsSomething;
    if (isLost && state.host.headersSent) throw new SessionUsageError(messages.tooLate);
    this.requireSent(state);
  }

  /** Replaces this request's copy by the stored session. */
  async reload(state: SessionState): Promise<void> {
    state.requireAttached();
    const { base } = state;
    if (base === undefined || state.isEnded) throw new SessionEndedError(messages.ended);
    const latest = await this.#loader.latestOf(state, base);
    if (!this.#loader.takeOver(state, latest, (record) => state.restore(record)))
      throw new SessionEndedError(messages.ended);
  }

  /** Runs `fn` and stores its changes; runs it again on the newer version after each conflict. */
  async update<Result>(state: SessionState, fn: () => Result | Promise<Result>): Promise<Awaited<Result>> {
    state.requireAttached();
    let result!: Awaited<Result>;
    const before = this.settings.sealsCookies ? state.snapshot() : undefined;
    const prepare = async (): Promise<void> => {
      result = await fn();
    };
    if ((await this.#writer.write(state, { prepare })) !== 'done')
      throw new SessionEndedError(messages.ended);
    this.requireSent(state, before);
    return result;
  }

  /** Gives the session a new id. Does nothing if another request has renewed the id of this one. */
  async rotate(state: SessionState): Promise<void> {
    state.requireAttached();
    requireOpenHead(state, 'rotate');
    if (state.status === 'new') return state.forgetId();
    if ((await this.#writer.write(state, { renewal: newId(state, 'requested') })) !== 'done')
      throw new SessionEndedError(messages.ended);
  }

  /** Signs a user in, under a new id. */
  async login(state: SessionState, who: Omit<Login, 'at'>, prepare: () => void): Promise<void> {
    const isLocked = state.status === 'locked';
    if (!isLocked) state.requireAttached();
    requireOpenHead(state, 'login');
    const login = { ...who, at: this.settings.now() };
    if (isLocked) return this.#loginWhenLocked(state, { login, prepare });
    if (state.isEnded) return this.#loginAfterEnd(state, { login, prepare });
    if (state.base !== undefined) {
      const outcome = await this.#writer.write(state, { login, renewal: newId(state, 'login'), prepare });
      if (outcome === 'done') return;
      // Only this request's own changes are kept, and none if another user has signed in meanwhile.
      state.startOver(outcome === 'ended' ? state.localChanges() : undefined);
    }
    state.forgetId();
    await this.#writer.write(state, { login, prepare });
  }

  /** Signs a user in to a new session after the end of the old one. */
  async #loginAfterEnd(state: SessionState, write: Write): Promise<void> {
    const where = state.status === 'ended here' ? 'here' : 'elsewhere';
    state.startOver();
    try {
      await this.#writer.write(state, write);
    } catch (error) {
      state.end(where);
      throw error;
    }
    state.host.putBack();
  }

  /** Signs a user in to a new session. The one that the request must not open stays as it is. */
  async #loginWhenLocked(state: SessionState, write: Write): Promise<void> {
    const lock = state.detachedBy!;
    state.detachedBy = undefined;
    state.startOver(state.localChanges());
    try {
      await this.#writer.write(state, write);
    } catch (error) {
      state.detach(lock, 'locked');
      throw error;
    }
  }

  /** Ends the session and gives the request a new, empty one. */
  async regenerate(state: SessionState): Promise<void> {
    state.requireAttached();
    requireOpenHead(state, 'regenerate');
    await this.destroy(state, 'replaced');
    const next = this.#loader.fresh(state.host);
    next.replaces = true;
    state.detach(new SessionUsageError(messages.regenerated));
    state.host.setCurrent(next);
  }

  /** Ends the session in the store, even if another user has signed in to it since this request read it. */
  async destroy(state: SessionState, reason: DestroyedReason): Promise<void> {
    state.requireAttached();
    if (state.status !== 'ended here') {
      if (this.settings.sealsCookies && state.host.cookieSettled && state.base !== undefined)
        throw new SessionUsageError(messages.cookieLeft);
      await this.#writer.end(state, reason);
    }
    state.end('here');
  }

  /** The cookie that follows from the session's state. */
  cookieOf(state: SessionState): Commit {
    if (state.status === 'ended here') return CLEAR;
    if (state.status === 'new') return state.replaces ? CLEAR : NOTHING;
    const { base } = state;
    if (state.status !== 'loaded' || base === undefined) return NOTHING;
    if (!this.#sendsCookie(state) || !state.host.canSend(state.cookie)) return NOTHING;
    return { cookie: 'set', token: state.host.codec.seal(state.id, base) };
  }

  /**
   * Checks that a change of a session in its cookie was made before the cookie left. If not, the flash values that it took
   * are left for others, and with a snapshot the session is as it was before. The error is thrown once.
   *
   * @throws SessionUsageError if a change came too late for the cookie.
   */
  requireSent(state: SessionState, before?: LocalChanges): void {
    const isSettled = this.settings.sealsCookies && state.host.cookieSettled && !state.isEnded;
    if (!isSettled || !state.isChanged || state.content?.isFailed) return;
    state.flashChanges?.release(before?.flash);
    if (before === undefined) state.content?.markFailed();
    else state.rebase(state.base, before);
    throw new SessionUsageError(messages.cookieLeft);
  }

  /**
   * Whether the response sends the cookie. An outdated cookie must not replace the current one in the browser: so a cookie
   * leaves only after a write of this very request has found its id to be the session's current one.
   */
  #sendsCookie(state: SessionState): boolean {
    if (state.written !== 'here' || !state.hasCurrentId) return false;
    return state.mustSendCookie || (renewsCookie(state) && state.host.renewal === 'possible');
  }

  /**
   * Whether the store must be asked again before the cookie is sent: a user may have signed in elsewhere since a call of
   * this request has written the session. A cookie that is merely renewed can do harm then, and a new one when it is old.
   */
  #mustCheck(state: SessionState): boolean {
    if (!this.#sendsCookie(state) || this.settings.rolling === 'change') return false;
    return !state.mustSendCookie || this.settings.now() - state.writtenAt > TRUST_TIME;
  }

  /** The renewal of the id that is due by the clock, where the response can carry it. */
  #dueRenewal(state: SessionState): Renewal | undefined {
    const { lifetimes } = this.settings;
    const hasToStop = needsNewId(state);
    if (!hasToStop && !this.#isOldId(state)) return undefined;
    if (state.host.renewal !== 'possible' || !state.hasCurrentId) return undefined;
    if (!state.host.canSend(state.cookie)) return undefined;
    const renewal = newId(state, hasToStop ? 'stopActing' : 'scheduled');
    return { ...renewal, grace: lifetimes.rotationGrace };
  }

  #isOldId(state: SessionState): boolean {
    const { lifetimes, now } = this.settings;
    if (lifetimes.rotateInterval === false || state.base === undefined) return false;
    return now() - (state.meta.rotation?.at ?? state.createdAt) >= lifetimes.rotateInterval;
  }
}
