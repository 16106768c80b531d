import { messages } from '../../errors/messages.js';
import { SessionStoreError } from '../../errors/session-store.error.js';
import { SessionError } from '../../errors/session.error.js';
import { Batcher } from './batcher.js';
import { type Confidential, confidentialIn, safeError } from './safe-error.js';
import { within } from '../record/time-limit.js';
import type { RecordSeal } from '../record/record-seal.js';
import { isRecord, type SessionChange, type SessionRecord, unreadable } from '../record/session-record.js';
import { type SessionStore, storeName, type StoreOutcome, type UserSessionStore } from './session-store.js';

/** How long a store call may take, and who hears of its failures. */
export interface SharedStoreOptions {
  /** Milliseconds after which a call fails. */
  readonly timeout: number;
  /** What stands between the caller, who sees sessions in the clear, and the store. @defaultValue nothing */
  readonly seal?: RecordSeal | undefined;
  /** Told of every failure of the store, once a call. */
  onError(error: SessionStoreError): void;
}

type Call = 'read' | 'create' | 'update' | 'delete';

/** Shared calls of one kind under way at once. Writes wait for a disk, which takes several at a time. */
const MAX_READS = 2;
const MAX_WRITES = 4;

/**
 * A {@link SessionStore} asked about one session at a time: the questions of requests under way at the same time
 * share calls, every call has a time limit, and every failure becomes a {@link SessionStoreError}. Every error of every
 * store and driver leaves through here, and shows nothing of a session from here on ({@link safeError}).
 */
export class SharedStore {
  readonly #store: SessionStore;
  readonly #options: SharedStoreOptions;
  readonly #reads: Batcher<string, SessionRecord | undefined>;
  readonly #creates: Batcher<SessionRecord, boolean>;
  readonly #updates: Batcher<SessionChange, boolean>;
  readonly #deletes: Batcher<string, boolean>;

  constructor(store: SessionStore, options: SharedStoreOptions) {
    const { seal } = options;
    const toStored = (record: SessionRecord): SessionRecord => seal?.seal(record) ?? record;
    this.#store = store;
    this.#options = options;
    this.#reads = this.#batcher(
      'read',
      async (keys) => (await store.read(keys)).map((record) => (record ? opened(record, seal) : undefined)),
      (key) => key,
    );
    this.#creates = this.#batcher(
      'create',
      (records) => store.create(records.map(toStored)),
      (record) => record.key,
    );
    this.#updates = this.#batcher(
      'update',
      (changes) => store.update(changes.map((change) => ({ ...change, next: toStored(change.next) }))),
      (change) => change.key,
    );
    this.#deletes = this.#batcher(
      'delete',
      (keys) => store.delete(keys),
      (key) => key,
    );
  }

  /** The record under `key`. */
  read(key: string): Promise<SessionRecord | undefined> {
    return this.#reads.add(key);
  }

  /** Whether the record was added; `false` when its key exists. */
  create(record: SessionRecord): Promise<boolean> {
    return this.#creates.add(record);
  }

  /** Whether the change was applied; `false` when the record is gone or has another version. */
  update(change: SessionChange): Promise<boolean> {
    return this.#updates.add(change);
  }

  /** Whether there was a record to remove under `key`. */
  delete(key: string): Promise<boolean> {
    return this.#deletes.add(key);
  }

  /**
   * Whether there was a record under `key` to remove that belonged to this user at that moment, and was not created later
   * than `createdUntil` (milliseconds since the epoch). For a store that knows users.
   */
  async deleteOwned(userId: string, key: string, createdUntil?: number): Promise<boolean> {
    const store = this.#store as SessionStore & UserSessionStore;
    const about = [userId, key];
    const end = (): Promise<readonly StoreOutcome[]> => store.deleteOwned(userId, [key], createdUntil);
    const [outcome] = await this.call('deleteOwned', end, about);
    if (outcome instanceof Error) throw this.#failed('deleteOwned', outcome, confidentialIn(about));
    return outcome ?? false;
  }

  /**
   * Runs a call that is not shared under the same time limit and with the same errors.
   *
   * @param about - The user ids and keys that it is about. No error repeats them.
   */
  async call<T>(
    name: string,
    work: () => Promise<T>,
    about: readonly (string | undefined)[] = [],
  ): Promise<T> {
    try {
      return await within(this.#options.timeout, work(), () => this.#timedOut(name));
    } catch (error) {
      throw this.#failed(name, error, confidentialIn(about));
    }
  }

  #batcher<Item extends string | SessionRecord | SessionChange, Answer>(
    call: Call,
    run: (items: readonly Item[]) => Promise<readonly (Answer | Error)[]>,
    keyOf: (item: Item) => string,
  ): Batcher<Item, Answer> {
    return new Batcher<Item, Answer>({
      keyOf,
      shareSameKey: call === 'read',
      together: this.#store.sharesCalls ?? true,
      maxFlights: call === 'read' ? MAX_READS : MAX_WRITES,
      timeout: this.#options.timeout,
      errorOf: (error, item) => this.#failed(call, error, confidentialIn([item])),
      onTimeout: () => this.#timedOut(call),
      run: async (items) => {
        try {
          const answers = await run(items);
          if (answers.length === items.length) return answers;
          throw new Error(messages.storeOutcomes(call, storeName(this.#store), items.length, answers.length));
        } catch (error) {
          throw this.#failed(call, error, confidentialIn(items));
        }
      },
    });
  }

  #failed(call: string, error: unknown, about: Confidential): SessionError {
    if (!(error instanceof SessionError))
      return this.#report(
        new SessionStoreError(messages.storeFailed(call), { cause: safeError(error, about) }),
      );
    if (error.cause !== undefined) error.cause = safeError(error.cause, about);
    return error;
  }

  #timedOut(call: string): SessionStoreError {
    return this.#report(new SessionStoreError(messages.storeTimeout(call, this.#options.timeout)));
  }

  #report(error: SessionStoreError): SessionStoreError {
    this.#options.onError(error);
    return error;
  }
}

/** A record as the engine sees it. What nobody can make sense of is no outage: the engine refuses it as corrupt. */
function opened(record: SessionRecord, seal: RecordSeal | undefined): SessionRecord {
  if (!isRecord(record)) return unreadable(record);
  return seal === undefined ? record : seal.open(record);
}
