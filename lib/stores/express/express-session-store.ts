/** Called by an express-session store when it is done. */
export type StoreCallback<Value = void> = (error?: Error | null, value?: Value) => void;

/** A session for a store of express-session: the application's data, and its cookie. */
export interface StoredSession {
  readonly cookie: { readonly expires?: Date | string | null; readonly originalMaxAge?: number | null };
}

/** The callback for a store, which accepts any arguments. */
export type StoreAnswer = (error?: unknown, value?: unknown) => void;

/**
 * A store for express-session, as in `connect-*` packages. `touch` is recommended. Methods call back; a method without a
 * callback may return a promise.
 */
export interface ExpressSessionStore {
  /** The session under an id, or nothing. */
  get(id: string, callback: StoreAnswer): unknown;
  /** Stores a session, and overwrites an existing one. */
  set(id: string, session: never, callback: StoreAnswer): unknown;
  /** Removes a session. */
  destroy(id: string, callback: StoreAnswer): unknown;
  /** Prolongs the life of a session. */
  touch?(id: string, session: never, callback: StoreAnswer): unknown;
}

type Method = (this: ExpressSessionStore, ...args: unknown[]) => unknown;

/** Whether a value has the methods of a store for express-session. */
export function isExpressStore(store: unknown): store is ExpressSessionStore {
  const methods = (store ?? {}) as Record<string, unknown>;
  return ['get', 'set', 'destroy'].every((name) => typeof methods[name] === 'function');
}

/**
 * Calls a method of a store and waits for its callback. If it returns a promise, the promise counts, too: its error, and its
 * value if the method takes no callback.
 */
export function callStore<Value>(
  store: ExpressSessionStore,
  name: 'get' | 'set' | 'destroy' | 'touch',
  args: readonly unknown[],
): Promise<Value | undefined> {
  return new Promise((resolve, reject) => {
    const method = (store as unknown as Record<string, Method>)[name]!;
    const done: StoreCallback<Value> = (error, value) => (error ? reject(error) : resolve(value));
    const returned = method.call(store, ...args, done);
    if (!isPromise(returned)) return;
    returned.then((value) => {
      if (method.length <= args.length) resolve(value as Value);
    }, reject);
  });
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as Partial<Promise<unknown>> | undefined)?.then === 'function';
}
