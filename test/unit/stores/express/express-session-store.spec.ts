import { describe, expect, it } from '@jest/globals';
import { RedisStore } from 'connect-redis';
import {
  callStore,
  type ExpressSessionStore,
  isExpressStore,
  type StoreAnswer,
} from '../../../../lib/stores/express/express-session-store.js';

/** A store with one method that counts: the others are never called. */
const withGet = (get: unknown): ExpressSessionStore =>
  ({ get, set: () => undefined, destroy: () => undefined }) as ExpressSessionStore;

const got = (get: unknown): Promise<unknown> => callStore(withGet(get), 'get', ['id']);

/** What a promise is by now, without waiting for it. */
async function stateOf(promise: Promise<unknown>): Promise<unknown> {
  const pending = Symbol('pending');
  await new Promise((resolve) => setImmediate(resolve));
  const state = await Promise.race([promise, Promise.resolve(pending)]);
  return state === pending ? 'pending' : state;
}

describe('a store for express-session', () => {
  const methods = { get: () => 1, set: () => 1, destroy: () => 1 };

  it('has get, set and destroy', () => {
    expect(isExpressStore(methods)).toBe(true);
    expect(isExpressStore(Object.create(methods))).toBe(true);
    expect(isExpressStore(Object.assign(() => 1, methods))).toBe(true);
  });

  it.each(Object.keys(methods))('is none without %s', (name) => {
    expect(isExpressStore({ ...methods, [name]: undefined })).toBe(false);
    expect(isExpressStore({ ...methods, [name]: 'function' })).toBe(false);
  });

  it.each([undefined, null, 7, 'store', true, [], new Map()])('is not %p', (value) => {
    expect(isExpressStore(value)).toBe(false);
  });

  it('may be typed as connect-redis is, as @types/express-session has it, or with promises', () => {
    interface SessionData {
      cookie: { originalMaxAge: number | null; expires?: Date | null | undefined };
      views?: number;
    }
    /* eslint-disable @typescript-eslint/no-explicit-any -- so it stands in @types/express-session */
    class Typed {
      get(_id: string, callback: (error: any, session?: SessionData | null) => void): void {
        callback(null);
      }
      set(_id: string, _session: SessionData, callback?: (error?: any) => void): void {
        callback?.();
      }
      destroy(_id: string, callback?: (error?: any) => void): void {
        callback?.();
      }
      touch(_id: string, _session: SessionData, callback?: () => void): void {
        callback?.();
      }
    }
    /* eslint-enable @typescript-eslint/no-explicit-any */
    class Strict {
      get(_id: string, callback: (error: Error | null, session?: SessionData) => void): void {
        callback(null);
      }
      set(_id: string, _session: SessionData, callback: (error?: Error) => void): void {
        callback();
      }
      destroy(_id: string, callback: (error?: Error) => void): void {
        callback();
      }
    }
    class Promised {
      get(_id: string): Promise<SessionData | undefined> {
        return Promise.resolve(undefined);
      }
      set(_id: string, _session: SessionData): Promise<void> {
        return Promise.resolve();
      }
      destroy(_id: string): Promise<boolean> {
        return Promise.resolve(true);
      }
    }
    const stores: ExpressSessionStore[] = [
      new RedisStore({ client: {} }),
      new Typed(),
      new Strict(),
      new Promised(),
    ];
    expect(stores.every(isExpressStore)).toBe(true);
  });
});

describe('a call', () => {
  it('hands over the arguments and a callback, with the store as this', async () => {
    const calls: unknown[] = [];
    const store = {
      ...withGet(() => undefined),
      set(this: unknown, ...args: unknown[]): void {
        calls.push(this, ...args.slice(0, -1));
        (args.at(-1) as StoreAnswer)(null);
      },
    };
    const session = { cookie: {} };
    expect(await callStore(store, 'set', ['id', session])).toBeUndefined();
    expect(calls).toEqual([store, 'id', session]);
    expect(calls[0]).toBe(store);
  });

  it.each([
    ['at once', (done: () => void) => done()],
    ['later', (done: () => void) => void setImmediate(done)],
  ])('is answered by the callback, called %s', async (_when, run) => {
    expect(await got((_id: string, done: StoreAnswer) => run(() => done(null, { n: 1 })))).toEqual({ n: 1 });
    expect(await got((_id: string, done: StoreAnswer) => run(() => done(undefined, { n: 2 })))).toEqual({
      n: 2,
    });
    expect(await got((_id: string, done: StoreAnswer) => run(() => done()))).toBeUndefined();
    const error = new Error('no');
    await expect(got((_id: string, done: StoreAnswer) => run(() => done(error)))).rejects.toBe(error);
    await expect(got((_id: string, done: StoreAnswer) => run(() => done('no')))).rejects.toBe('no');
  });

  it('is answered by a promise where the method takes no callback', async () => {
    expect(await got((_id: string) => Promise.resolve({ n: 1 }))).toEqual({ n: 1 });
    expect(await got(() => Promise.resolve({ n: 2 }))).toEqual({ n: 2 });
    expect(await got(() => ({ then: (resolve: (value: unknown) => void) => resolve({ n: 3 }) }))).toEqual({
      n: 3,
    });
  });

  it('waits for the callback of a method that takes one, whatever it returns', async () => {
    let done!: StoreAnswer;
    const call = got((_id: string, callback: StoreAnswer) => {
      done = callback;
      return Promise.resolve('something else');
    });
    expect(await stateOf(call)).toBe('pending');
    done(null, { n: 1 });
    expect(await call).toEqual({ n: 1 });
  });

  it('takes what comes first where a method with any number of parameters does both', async () => {
    const both = (...[, done]: [string, StoreAnswer]): Promise<string> => {
      done(null, { n: 1 });
      return Promise.resolve('something else');
    };
    expect(both).toHaveLength(0);
    expect(await got(both)).toEqual({ n: 1 });
  });

  it('is not answered by what a method returns that is no promise', async () => {
    expect(await stateOf(got(() => ({ n: 1 })))).toBe('pending');
    expect(await stateOf(got(() => null))).toBe('pending');
  });

  it('fails with the promise, callback or not', async () => {
    const error = new Error('no');
    await expect(got((_id: string) => Promise.reject(error))).rejects.toBe(error);
    await expect(got((_id: string, _done: StoreAnswer) => Promise.reject(error))).rejects.toBe(error);
  });

  it('fails with what the method throws', async () => {
    const error = new Error('no');
    const throws = (): never => {
      throw error;
    };
    await expect(got(throws)).rejects.toBe(error);
  });

  it('is answered once: what is called back again is passed over', async () => {
    const twice = (_id: string, done: StoreAnswer): void => {
      done(null, { n: 1 });
      done(new Error('late'));
    };
    expect(await got(twice)).toEqual({ n: 1 });
  });
});
