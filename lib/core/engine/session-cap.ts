import { messages } from '../../errors/messages.js';
import { SessionConflictError } from '../../errors/session-conflict.error.js';
import { SessionStoreError } from '../../errors/session-store.error.js';
import type { SessionRules } from '../request/session-rules.js';
import type { SessionRecord, SessionSummary } from '../record/session-record.js';
import type { SessionState } from '../request/session-state.js';
import type { SessionReporter } from '../record/session-events.js';
import { knowsUsers, type SessionStore } from '../store/session-store.js';
import type { SharedStore } from '../store/shared-store.js';
import type { SessionEnds } from './session-ends.js';

/** Logins within so many milliseconds count as simultaneous, on any instance. */
const SAME_TIME = 10_000;

/** How often the user's sessions are listed before the login fails: each time, another login has changed one of them. */
const MOST_TRIES = 20;

/** The fields that order a user's sessions. */
type Ranked = Pick<SessionSummary, 'key' | 'createdAt'>;

/** Ends a user's oldest sessions beyond the allowed number (OWASP ASVS 5.0, 7.1.2). */
export class SessionCap {
  constructor(
    private readonly settings: SessionRules,
    private readonly store: SessionStore,
    private readonly shared: SharedStore,
    private readonly ends: SessionEnds,
    private readonly reporter: SessionReporter,
  ) {}

  /**
   * Makes room for a session that was just stored for a user. Fails closed: if the store fails, this session is ended.
   *
   * @throws SessionStoreError if the store fails.
   * @throws SessionConflictError if other logins of the user were faster every time.
   */
  async enforce(state: SessionState, { userId, key, createdAt }: SessionRecord): Promise<void> {
    const { store, settings } = this;
    const { maxSessionsPerUser } = settings;
    if (maxSessionsPerUser === undefined || userId === null || !knowsUsers(store)) return;
    const find = (): Promise<readonly Ranked[]> => store.findByUser(userId, settings.now());
    try {
      for (let tries = 0; tries < MOST_TRIES; tries++) {
        const sessions = await this.shared.call('findByUser', find, [userId]);
        const order = state.isEnded ? sessions : ranked(sessions, { key, createdAt });
        const surplus = order.slice(maxSessionsPerUser);
        if (surplus.some((session) => session.key === key)) state.end('elsewhere');
        if (await this.#endAll(userId, surplus)) return;
      }
      throw new SessionConflictError(messages.capConflict(MOST_TRIES));
    } catch (error) {
      await this.#refuse(state, key, userId);
      throw error;
    }
  }

  /** Ends sessions of a user. Returns false if one of them had ended already, or its user has signed in to it again. */
  async #endAll(userId: string, surplus: readonly Ranked[]): Promise<boolean> {
    let all = true;
    for (const { key, createdAt } of surplus) {
      const isEnded = await this.ends.one(key, 'replaced', { userId, createdUntil: createdAt });
      all &&= isEnded;
    }
    return all;
  }

  async #refuse(state: SessionState, key: string, userId: string): Promise<void> {
    state.end('here');
    try {
      if (await this.shared.delete(state.place)) this.reporter.destroyed({ key, userId }, 'replaced');
    } catch (error) {
      // This failure was reported. The cookie of the session was never sent.
      if (!(error instanceof SessionStoreError)) throw error;
    }
  }
}

/**
 * A user's sessions including its own, newest first. Simultaneous logins are ordered by key as well, or they would end each
 * other. A later date comes from another clock, and does not outrank this login.
 */
function ranked(sessions: readonly Ranked[], own: Ranked): Ranked[] {
  const others = sessions.filter(({ key }) => key !== own.key);
  const isRival = (other: Ranked): boolean =>
    other.createdAt < own.createdAt + SAME_TIME && isBefore(other, own);
  return [...others.filter(isRival), own, ...others.filter((session) => !isRival(session))];
}

function isBefore(one: Ranked, other: Ranked): boolean {
  return one.createdAt > other.createdAt || (one.createdAt === other.createdAt && one.key < other.key);
}
