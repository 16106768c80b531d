/** Called by an express-session store when it is done. */
export type StoreCallback<Value = void> = (error?: Error | null, value?: Value) => void;

/** A session as an express-session store is given it: the application's data, and its cookie. */
export interface StoredSession {
  readonly cookie: { readonly expires?: Date | string | null; readonly originalMaxAge?: number | null };
}

/** What a store is given to call back: whatever type its own declares, this takes it. */
export type StoreAnswer = (error?: unknown, value?: unknown) => void;

/**
 * What a store for express-session has to have (its `connect-*` packages): `touch` is recommended. Methods call back;
 * one that takes no callback may return a promise instead.
 */
export interface ExpressSessionStore {
  /** The session under an id, or nothing. */
  get(id: string, callback: StoreAnswer): unknown;
  /** Stores a session, whatever is there. */
  set(id: string, session: never, callback: StoreAnswer): unknown;
  /** Removes a session. */
  destroy(id: string, callback: StoreAnswer): unknown;
  /** Prolongs the life of a session. */
  touch?(id: string, session: never, callback: StoreAnswer): unknown;
}

type Method = (this: ExpressSessionStore, ...args: unknown[]) => unknown;

/** Whether something has the methods of an express-session store. */
export function isExpressStore(store: unknown): store is ExpressSessionStore {
  const methods = (store ?? {}) as Record<string, unknown>;
  return ['get', 'set', 'destroy'].every((name) => typeof methods[name] === 'function');
}

/**
 * Calls a method of a store and waits for its callback. A promise that it returns is waited for as well: for its
 * failure, and for its value where the method takes no callback.
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
