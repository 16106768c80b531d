import { recordAt } from '../record/identity/identity.js';
import type { DestroyedReason, SessionReporter } from '../record/session-events.js';
import type { SessionRecord } from '../record/session-record.js';
import type { ReferenceSessionStore, UserSessionStore } from '../store/session-store.js';
import type { SharedStore } from '../store/shared-store.js';

/** Which sessions an end may reach, as the store compares it. */
export interface EndLimits {
  /** Only a session of this user. */
  readonly userId?: string | undefined;
  /** Only one that was created no later than this. With a user. */
  readonly createdUntil?: number;
}

/** What events tell of sessions, by their keys. */
type Subjects = ReadonlyMap<string, SessionRecord>;

const NONE: Subjects = new Map();

/**
 * Ends sessions that are not those of the request, and tells of it. If anybody listens, the sessions are read first: only
 * their records tell whom a user acts for.
 */
export class SessionEnds {
  constructor(
    private readonly settings: { readonly now: () => number },
    private readonly shared: SharedStore,
    private readonly reporter: SessionReporter,
  ) {}

  /** Ends one session. Returns false if there was none within the limits. */
  async one(
    key: string,
    reason: DestroyedReason,
    { userId, createdUntil }: EndLimits = {},
  ): Promise<boolean> {
    const subjects = await this.#subjects(() => Promise.resolve([key]));
    const isEnded = await (userId === undefined
      ? this.shared.delete(key)
      : this.shared.deleteOwned(userId, key, createdUntil));
    if (isEnded) this.#tell([key], reason, subjects, userId);
    return isEnded;
  }

  /** Ends all sessions of a user but some. Returns how many. */
  async ofUser(store: UserSessionStore, userId: string, except: readonly string[]): Promise<number> {
    const subjects = await this.#subjects(async () => {
      const find = () => store.findByUser(userId, this.settings.now());
      return (await this.shared.call('findByUser', find, [userId])).map(({ key }) => key);
    });
    const end = () => store.deleteByUser(userId, except);
    const ended = await this.shared.call('deleteByUser', end, [userId]);
    this.#tell(ended, 'revoked', subjects, userId);
    return ended.length;
  }

  /** Ends all sessions with a reference, and of a user if one is given. Returns how many. */
  async ofReference(
    store: ReferenceSessionStore,
    reference: string,
    userId: string | undefined,
  ): Promise<number> {
    const subjects = await this.#subjects(() =>
      this.shared.call('findByReference', () => store.findByReference(reference), [reference]),
    );
    const end = () => store.deleteByReference(reference, userId);
    const ended = await this.shared.call('deleteByReference', end, [reference, userId]);
    this.#tell(ended, 'revoked', subjects, userId);
    return ended.length;
  }

  /** Reads sessions for their events. An end does not fail because of it: the failure of the store was reported. */
  async #subjects(find: () => Promise<readonly string[]>): Promise<Subjects> {
    if (!this.reporter.hasDestroyedListeners) return NONE;
    try {
      const records = await Promise.all((await find()).map(async (key) => this.shared.read(key)));
      const now = this.settings.now();
      const found = records.filter((record) => record !== undefined);
      return new Map(found.map((record) => [record.key, recordAt(record, now)]));
    } catch {
      return NONE;
    }
  }

  #tell(
    keys: readonly string[],
    reason: DestroyedReason,
    subjects: Subjects,
    userId: string | undefined,
  ): void {
    for (const key of keys) {
      const subject = subjects.get(key);
      // Between the two calls somebody else may have signed in.
      const isRight = subject !== undefined && (userId === undefined || subject.userId === userId);
      this.reporter.destroyed(isRight ? subject : { key, userId: userId ?? null }, reason);
    }
  }
}
