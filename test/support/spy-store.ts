import type { SessionRecord, SessionStore } from '../../lib/index.js';

type Method = 'read' | 'create' | 'update' | 'delete';

export interface StoreSpy {
  readonly store: SessionStore;
  /** The arguments of every call, by method. */
  readonly calls: Record<Method, unknown[][]>;
  /** While set, every call (or those of the methods named) rejects with it; with `once`, only the first. */
  failure: { error: Error; methods?: readonly Method[]; once?: boolean } | undefined;
  /** While set, calls wait for it. */
  gate: Promise<void> | undefined;
  /** How many calls there were, of one method or of all. */
  count(method?: Method): number;
  /** Changes a stored record by hand. */
  tamper(key: string, change: Partial<SessionRecord>): Promise<void>;
  reset(): void;
}

/** Watches a store, and fails or delays it on demand. */
export function spyOnStore(target: SessionStore): StoreSpy {
  const calls: StoreSpy['calls'] = { read: [], create: [], update: [], delete: [] };
  const store = new Proxy(target, {
    get(object, property) {
      const value: unknown = Reflect.get(object, property, object);
      if (typeof value !== 'function' || property === 'constructor') return value;
      if (!(property in calls)) return (value as (...args: unknown[]) => unknown).bind(object);
      return async (items: unknown[]) => {
        calls[property as Method].push(items);
        await spy.gate;
        const { failure } = spy;
        if (failure && (failure.methods?.includes(property as Method) ?? true)) {
          if (failure.once) spy.failure = undefined;
          throw failure.error;
        }
        return (value as (items: unknown[]) => unknown).call(object, items);
      };
    },
  });
  const spy: StoreSpy = {
    store,
    calls,
    failure: undefined,
    gate: undefined,
    count: (method) =>
      method ? calls[method].length : Object.values(calls).reduce((sum, { length }) => sum + length, 0),
    async tamper(key, change) {
      const [record] = await target.read([key]);
      const next = { ...record!, version: record!.version + 1, ...change };
      await target.update([{ key, version: record!.version, next }]);
    },
    reset: () => Object.values(calls).forEach((list) => list.splice(0)),
  };
  return spy;
}
