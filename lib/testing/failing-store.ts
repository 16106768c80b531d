import { clearTimeout, setTimeout } from 'node:timers';
import type { SessionStore } from '../core/store/session-store.js';
import { LONGEST_DELAY } from '../core/record/time-limit.js';
import { messages } from '../errors/messages.js';
import { type Duration, duration } from '../options/option-checks.js';
import { MemorySessionStore } from '../stores/memory/memory-session.store.js';

const WORK = [
  'read',
  'create',
  'update',
  'delete',
  'findByUser',
  'count',
  'deleteOwned',
  'deleteByUser',
  'findByReference',
  'deleteByReference',
  'deleteAll',
  'prune',
] as const;

const METHODS = [...WORK, 'start', 'close'] as const;

/** A method of a store. */
export type StoreMethod = (typeof METHODS)[number];

/** Which calls a fault concerns. */
export interface FaultScope {
  /**
   * The methods that are disturbed, for example `['update']`.
   *
   * @defaultValue all but `start` and `close`, so that the application starts and stops
   */
  readonly only?: readonly StoreMethod[];
}

/** Options of {@link StoreFaults.fail}. */
export interface FailureOptions extends FaultScope {
  /** What the calls fail with. The `cause` of a `SessionStoreError` is what may be shown of it. */
  readonly error?: Error;
}

/** How a {@link failingStore} is disturbed. One fault at a time: each takes the place of the one before. */
export interface StoreFaults {
  /** Has calls fail from now on. */
  readonly fail: (options?: FailureOptions) => void;

  /** Has calls wait from now on, until {@link StoreFaults.recover} or another fault decides what becomes of them. */
  readonly hang: (options?: FaultScope) => void;

  /**
   * Has calls take longer from now on.
   *
   * @param time - How much longer: milliseconds, or a duration such as `'20ms'`.
   * @throws SessionOptionsError when `time` is no duration.
   */
  readonly delay: (time: Duration, options?: FaultScope) => void;

  /** Ends the fault. Calls that wait go on to the store. */
  readonly recover: () => void;
}

/** A store and the means to disturb it. */
export type FailingStore<Store extends SessionStore = SessionStore> = Store & StoreFaults;

/**
 * A store that fails on demand, around another that does the work. It can what the other can (finding by user, pruning)
 * and has what the other has; `fail()`, `hang()` and `delay()` disturb it until `recover()`.
 *
 * Without an argument it is a new `MemorySessionStore` that does the work.
 *
 * @example
 * ```ts
 * const store = failingStore();
 * const module = await Test.createTestingModule({ imports: [AppModule] })
 *   .overrideProvider(SESSION_STORE)
 *   .useValue(store)
 *   .compile();
 * …
 * store.fail();
 * await request(app.getHttpServer()).get('/me').set('Cookie', cookie).expect(503);
 * store.recover();
 * ```
 */
export function failingStore(): FailingStore<MemorySessionStore>;
/**
 * The same around a store of your own.
 *
 * @param store - The store that does the work.
 */
export function failingStore<Store extends SessionStore>(store: Store): FailingStore<Store>;
export function failingStore(store: SessionStore = new MemorySessionStore()): FailingStore {
  const disturbance = new Disturbance();
  return new Proxy(store, {
    get(target, property): unknown {
      if (Object.hasOwn(disturbance.faults, property)) return Reflect.get(disturbance.faults, property);
      // Asked of the store itself, which may have private fields.
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function' || property === 'constructor') return value;
      const call = value.bind(target) as Call;
      const method = METHODS.find((name) => name === property);
      return method === undefined ? call : disturbance.of(method, call);
    },
  }) as FailingStore;
}

type Call = (...args: unknown[]) => unknown;

/** What happens to a call on its way to the store; true where it then has to be looked at anew. */
type Fault = (method: StoreMethod) => boolean | Promise<boolean>;

/** The fault of the moment. */
class Disturbance {
  readonly faults: StoreFaults = {
    fail: ({ error = new Error(messages.failOnDemand), only } = {}) =>
      this.#begin(only, () => {
        throw error;
      }),
    hang: ({ only } = {}) => this.#begin(only, () => this.#ended),
    delay: (time, { only } = {}) => {
      const milliseconds = duration('failingStore delay', time, { zero: true });
      this.#begin(only, () => this.#sleep(milliseconds));
    },
    recover: () => this.#begin([], () => false),
  };
  #fault: Fault = () => false;
  /** Settles when another fault takes the place of this one. */
  #ended = Promise.resolve(true);
  #end: () => void = () => undefined;

  /** A call of a method, with whatever happens to it. */
  of(method: StoreMethod, call: Call): Call {
    return async (...args) => {
      while (await this.#fault(method));
      return call(...args);
    };
  }

  #sleep(milliseconds: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), Math.min(milliseconds, LONGEST_DELAY));
      void this.#ended.then((ended) => {
        clearTimeout(timer);
        resolve(ended);
      });
    });
  }

  #begin(only: readonly StoreMethod[] = WORK, fault: Fault): void {
    const end = this.#end;
    this.#ended = new Promise((resolve) => (this.#end = () => resolve(true)));
    this.#fault = (method) => only.includes(method) && fault(method);
    end();
  }
}
