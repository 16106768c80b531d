import { clearTimeout, setTimeout } from 'node:timers';
import type { SessionStore } from '../core/store/session-store.js';
import { LONGEST_DELAY } from '../core/record/time-limit.js';
import { messages } from '../errors/messages.js';
import { StoreFault } from '../errors/store-fault.js';
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

/** Which calls a fault affects. */
export interface FaultScope {
  /**
   * The affected methods, for example `['update']`.
   *
   * @defaultValue all but `start` and `close`, so that the application starts and stops
   */
  readonly only?: readonly StoreMethod[];
}

/** Options of {@link StoreFaults.fail}. */
export interface FailureOptions extends FaultScope {
  /** The error of the calls. The `cause` of the `SessionStoreError` contains its safe parts. */
  readonly error?: Error;
}

/** Controls the faults of a {@link failingStore}. There is one fault at a time: each replaces the previous one. */
export interface StoreFaults {
  /** Lets calls fail from now on. */
  readonly fail: (options?: FailureOptions) => void;

  /** Lets calls wait from now on, until {@link StoreFaults.recover} or another fault. */
  readonly hang: (options?: FaultScope) => void;

  /**
   * Delays calls from now on.
   *
   * @param time - The delay: milliseconds, or a duration such as `'20ms'`.
   * @throws SessionOptionsError if `time` is not a duration.
   */
  readonly delay: (time: Duration, options?: FaultScope) => void;

  /** Ends the fault. Waiting calls continue to the store. */
  readonly recover: () => void;
}

/** A store with methods that control its faults. */
export type FailingStore<Store extends SessionStore = SessionStore> = Store & StoreFaults;

/**
 * Wraps a store so that it fails on demand. The result has the capabilities and properties of the wrapped store.
 * `fail()`, `hang()` and `delay()` start a fault, and `recover()` ends it.
 *
 * Without an argument, it wraps a new `MemorySessionStore`.
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
 * Wraps your own store.
 *
 * @param store - The store to wrap.
 */
export function failingStore<Store extends SessionStore>(store: Store): FailingStore<Store>;
export function failingStore(store: SessionStore = new MemorySessionStore()): FailingStore {
  const disturbance = new Disturbance();
  return new Proxy(store, {
    get(target, property): unknown {
      if (Object.hasOwn(disturbance.faults, property)) return Reflect.get(disturbance.faults, property);
      // The receiver is the store itself, because it may have private fields.
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function' || property === 'constructor') return value;
      const call = value.bind(target) as Call;
      const method = METHODS.find((name) => name === property);
      return method === undefined ? call : disturbance.of(method, call);
    },
  }) as FailingStore;
}

type Call = (...args: unknown[]) => unknown;

/** The effect of a fault on a call. It returns true if the call must be checked against the next fault. */
type Fault = (method: StoreMethod) => boolean | Promise<boolean>;

/** The current fault. */
class Disturbance {
  readonly faults: StoreFaults = {
    fail: ({ error = new StoreFault(messages.failOnDemand), only } = {}) =>
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
  /** Settles when another fault replaces this one. */
  #ended = Promise.resolve(true);
  #end: () => void = () => undefined;

  /** A call of a method, with the current fault. */
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
