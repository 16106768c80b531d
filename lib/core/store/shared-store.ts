import { messages } from '../../errors/messages.js';
import { StoreFault } from '../../errors/store-fault.js';
import { SessionStoreError } from '../../errors/session-store.error.js';
import { SessionError } from '../../errors/session.error.js';
import { Batcher } from './batcher.js';
import { endOfTurn } from './end-of-turn.js';
import { type Confidential, confidentialIn, type MessageRule, safeError } from './safe-error.js';
import { within } from '../record/time-limit.js';
import type { RecordSeal } from '../record/record-seal.js';
import { isRecord, type SessionChange, type SessionRecord, unreadable } from '../record/session-record.js';
import { type SessionStore, storeName, type StoreOutcome, type UserSessionStore } from './session-store.js';

/** Calls that are answered at once, without a promise: of a store that keeps sessions in this process. */
export interface ImmediateCalls {
  /** The record under `key`, if there is one. */
  read(key: string): SessionRecord | undefined;
  /** Whether the record was added. */
  create(record: SessionRecord): boolean;
  /** Whether the change was applied. */
  update(change: SessionChange): boolean;
}

/** An answer, or a promise of it. */
export type Answer<Value> = Value | Promise<Value>;

/** Options of {@link SharedStore}. */
export interface SharedStoreOptions {
  /**
   * The calls of the store that are answered at once. They take the place of its methods. Looked up for every call.
   *
   * @defaultValue none
   */
  readonly immediate?: (() => ImmediateCalls | undefined) | undefined;
  /** Milliseconds after which a call fails. */
  readonly timeout: number;
  /** Seals and opens records. @defaultValue none */
  readonly seal?: RecordSeal | undefined;
  /** Called for every failure of the store, once per call. */
  onError(error: SessionStoreError): void;
  /**
   * The messages of the errors of the store.
   *
   * @defaultValue messages of this package, which keep nothing that a driver wrote
   */
  readonly messageOf?: MessageRule;
}

type Call = 'read' | 'create' | 'update' | 'delete';

/** Concurrent shared calls of one kind. Writes wait for a disk, which takes several at a time. */
const MAX_READS = 2;
const MAX_WRITES = 4;

/**
 * Makes a {@link SessionStore} available for one session at a time. Concurrent requests share calls, every call has a time
 * limit, and every failure becomes a {@link SessionStoreError}. All errors of stores and drivers pass through here, which
 * removes everything of a session from them ({@link safeError}).
 */
export class SharedStore {
  readonly #store: SessionStore;
  readonly #options: SharedStoreOptions;
  readonly #reads: Batcher<string, SessionRecord | undefined>;
  readonly #creates: Batcher<SessionRecord, boolean>;
  readonly #updates: Batcher<SessionChange, boolean>;
  readonly #deletes: Batcher<string, boolean>;
  readonly #reported = new WeakSet<SessionStoreError>();

  constructor(store: SessionStore, options: SharedStoreOptions) {
    const { seal } = options;
    this.#store = store;
    this.#options = options;
    this.#reads = this.#batcher(
      'read',
      async (keys) => (await store.read(keys)).map((record) => (record ? opened(record, seal) : undefined)),
      (key) => key,
    );
    this.#creates = this.#batcher(
      'create',
      (records) => store.create(records.map((record) => this.#toStored(record))),
      (record) => record.key,
    );
    this.#updates = this.#batcher(
      'update',
      (changes) => store.update(changes.map((change) => this.#sealed(change))),
      (change) => change.key,
    );
    this.#deletes = this.#batcher(
      'delete',
      (keys) => store.delete(keys),
      (key) => key,
    );
  }

  /** Whether the store answers at once. If so, the answers are no promises. */
  get isImmediate(): boolean {
    return this.#immediate !== undefined;
  }

  /** The record under `key`. Requests that arrive together get theirs together, from an immediate store as well. */
  read(key: string): Promise<SessionRecord | undefined> {
    const immediate = this.#immediate;
    if (immediate === undefined) return this.#reads.add(key);
    return endOfTurn().then(() => {
      const record = immediate.read(key);
      return record && opened(record, this.#options.seal);
    });
  }

  /** Whether the record was added; `false` if its key exists. */
  create(record: SessionRecord): Answer<boolean> {
    return this.#immediate?.create(this.#toStored(record)) ?? this.#creates.add(record);
  }

  /** Whether the change was applied; `false` if the record does not exist or has another version. */
  update(change: SessionChange): Answer<boolean> {
    return this.#immediate?.update(this.#sealed(change)) ?? this.#updates.add(change);
  }

  /** Whether a record under `key` was removed. */
  delete(key: string): Promise<boolean> {
    return this.#deletes.add(key);
  }

  /**
   * Whether a record under `key` was removed that belonged to this user at that moment and was not created later than
   * `createdUntil` (milliseconds since the epoch). For stores with the capability 'users'.
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
   * Runs a call that is not shared, with the same time limit and errors.
   *
   * @param about - The user ids and keys of the call. No error contains them.
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

  get #immediate(): ImmediateCalls | undefined {
    return this.#options.immediate?.();
  }

  #toStored(record: SessionRecord): SessionRecord {
    return this.#options.seal?.seal(record) ?? record;
  }

  #sealed(change: SessionChange): SessionChange {
    const next = this.#toStored(change.next);
    return next === change.next ? change : { ...change, next };
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
      maxInFlight: call === 'read' ? MAX_READS : MAX_WRITES,
      timeout: this.#options.timeout,
      errorOf: (error, item) => this.#failed(call, error, confidentialIn([item])),
      onTimeout: () => this.#timedOut(call),
      run: async (items) => {
        try {
          const answers = await run(items);
          if (answers.length === items.length) return answers;
          throw new StoreFault(
            messages.storeOutcomes(call, storeName(this.#store), items.length, answers.length),
          );
        } catch (error) {
          throw this.#failed(call, error, confidentialIn(items));
        }
      },
    });
  }

  #failed(call: string, error: unknown, about: Confidential): SessionError {
    if (!(error instanceof SessionError))
      return this.#report(
        new SessionStoreError(messages.storeFailed(call), {
          cause: safeError(error, about, this.#options.messageOf),
        }),
      );
    if (error.cause !== undefined) error.cause = safeError(error.cause, about, this.#options.messageOf);
    // One that the store made itself is a failure like any other.
    const isOutage = error instanceof SessionStoreError && !this.#reported.has(error);
    return isOutage ? this.#report(error) : error;
  }

  #timedOut(call: string): SessionStoreError {
    return this.#report(new SessionStoreError(messages.storeTimeout(call, this.#options.timeout)));
  }

  #report(error: SessionStoreError): SessionStoreError {
    this.#reported.add(error);
    this.#options.onError(error);
    return error;
  }
}

/** A record for the engine. One that cannot be read is marked, so that the engine refuses it as corrupt. */
function opened(record: SessionRecord, seal: RecordSeal | undefined): SessionRecord {
  if (!isRecord(record)) return unreadable(record);
  return seal === undefined ? record : seal.open(record);
}
