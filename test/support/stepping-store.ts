import type { SessionStore } from '../../lib/index.js';

/** A moment at which a test steps in: once, before a method of the store begins, or after it is done. */
export interface Step {
  readonly when: 'before' | 'after';
  readonly method: string;
  readonly work: () => Promise<unknown>;
}

/** A store at whose calls a test can step in, as somebody else would who is faster. */
export interface SteppingStore {
  readonly store: SessionStore;
  /** Steps in at the next call of a method. Resolves when that has happened. */
  stepIn(when: Step['when'], method: string, work: () => unknown): Promise<void>;
}

/** Makes a store one that a test can step in. */
export function steppingStore(target: SessionStore): SteppingStore {
  let steps: Step[] = [];
  const take = async (when: Step['when'], method: string): Promise<void> => {
    const step = steps.find((one) => one.when === when && one.method === method);
    if (step === undefined) return;
    steps = steps.filter((one) => one !== step);
    await step.work();
  };
  const store = new Proxy(target, {
    get(object, property) {
      const value: unknown = Reflect.get(object, property, object);
      if (typeof value !== 'function' || property === 'constructor') return value;
      const method = String(property);
      return async (...args: unknown[]) => {
        await take('before', method);
        const answer = await (value as (...args: unknown[]) => Promise<unknown>).apply(object, args);
        await take('after', method);
        return answer;
      };
    },
  });
  return {
    store,
    stepIn: (when, method, work) =>
      new Promise((resolve, reject) => {
        const step: Step = {
          when,
          method,
          work: async () => {
            try {
              await work();
              resolve();
            } catch (error) {
              if (error instanceof Error) reject(error);
              throw error;
            }
          },
        };
        steps.push(step);
      }),
  };
}
