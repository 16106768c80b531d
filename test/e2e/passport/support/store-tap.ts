/** What is asked of a store: by the names of a `SessionStore`, and by those of a store for express-session. */
const CALLS = {
  read: ['read', 'get'],
  write: ['create', 'update', 'set', 'touch'],
  end: ['delete', 'destroy'],
} as const;

export type CallKind = keyof typeof CALLS;

type Callback = (error: Error) => void;
type Method = (...args: unknown[]) => unknown;

/** A store, and a test that stands between it and the application. */
export interface StoreTap<Store> {
  readonly store: Store;
  /** Calls of these kinds fail: all of them, or so many `times`. */
  failure: { error: Error; kinds: readonly CallKind[]; times?: number } | undefined;
  /** Milliseconds that every call takes longer. */
  delay: number;
  /** What every call waits for, if there is something. */
  gate: Promise<void> | undefined;
  /** Calls so far. */
  readonly counts: Record<CallKind, number>;
}

export function tapOn<Store extends object>(target: Store): StoreTap<Store> {
  const store = new Proxy(target, {
    get(object, property) {
      const value: unknown = Reflect.get(object, property, object);
      if (typeof value !== 'function') return value;
      const kind = kindOf(property);
      const method = (value as Method).bind(object);
      return kind === undefined ? method : tapped(kind, method);
    },
  });

  function tapped(kind: CallKind, method: Method): Method {
    return (...args) => {
      tap.counts[kind]++;
      const error = errorFor(kind);
      const callback = args.at(-1);
      if (typeof callback === 'function') {
        const proceed = (): unknown => (error ? (callback as Callback)(error) : method(...args));
        return void ready().then(proceed);
      }
      return ready().then(() => {
        if (error) throw error;
        return method(...args);
      });
    };
  }

  async function ready(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, tap.delay));
    await tap.gate;
  }

  function errorFor(kind: CallKind): Error | undefined {
    const { failure } = tap;
    if (!failure?.kinds.includes(kind)) return undefined;
    if (failure.times !== undefined && failure.times-- <= 0) return undefined;
    return failure.error;
  }

  const tap: StoreTap<Store> = {
    store,
    failure: undefined,
    delay: 0,
    gate: undefined,
    counts: { read: 0, write: 0, end: 0 },
  };
  return tap;
}

function kindOf(property: string | symbol): CallKind | undefined {
  const kinds = Object.keys(CALLS) as CallKind[];
  return kinds.find((kind) => (CALLS[kind] as readonly (string | symbol)[]).includes(property));
}
