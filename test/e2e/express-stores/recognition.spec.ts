import { afterEach, describe, expect, it } from '@jest/globals';
import { RedisStore } from 'connect-redis';
import expressSession from 'express-session';
import { ExpressStoreAdapter, type ExpressSessionStore } from '../../../lib/express/index.js';
import { SESSION_STORE, type SessionModuleOptions } from '../../../lib/index.js';
import type { Site } from '../../support/site.js';
import { RowStore } from './support/rows.js';
import { idOf, openNew } from './support/sites.js';

type Rows = Map<string, string>;
type Done = (error?: Error | null, value?: unknown) => void;
type Given = SessionModuleOptions['store'];

const { MemoryStore } = expressSession as { MemoryStore: new () => ExpressSessionStore };

const parse = (text: string | undefined): unknown => (text === undefined ? undefined : JSON.parse(text));

/** Every shape that a store for express-session may have, over rows that the test sees. */
const SHAPES: Record<string, (rows: Rows) => unknown> = {
  'an instance of a class that extends Store of express-session': (rows) =>
    Object.assign(new RowStore(), { texts: rows }),

  'a plain object with callbacks': (rows) => ({
    get: (id: string, done: Done) => done(null, parse(rows.get(id))),
    set: (id: string, session: unknown, done: Done) => done(void rows.set(id, JSON.stringify(session))),
    destroy: (id: string, done: Done) => done(rows.delete(id) ? null : undefined),
  }),

  'a plain object with callbacks that come later, and optional parameters': (rows) => ({
    get: (...args: [string, Done]) => void setImmediate(() => args[1](null, parse(rows.get(args[0])))),
    set: (id: string, session: unknown, done: Done = () => undefined) => {
      rows.set(id, JSON.stringify(session));
      setImmediate(done);
    },
    destroy: (id: string, done?: Done) => {
      rows.delete(id);
      if (done) setImmediate(done);
    },
  }),

  'a plain object with promises': (rows) => ({
    get: (id: string) => Promise.resolve(parse(rows.get(id))),
    set: (id: string, session: unknown) => Promise.resolve(rows.set(id, JSON.stringify(session))),
    destroy: (id: string) => Promise.resolve(rows.delete(id)),
  }),

  'a plain object with promises and callbacks at once': (rows) => ({
    get: (id: string, done: Done) => Promise.resolve(done(null, parse(rows.get(id)))),
    set: async (id: string, session: unknown, done: Done) => {
      rows.set(id, JSON.stringify(session));
      await Promise.resolve();
      done();
    },
    destroy: (id: string, done: Done) => Promise.resolve(done(rows.delete(id) ? null : undefined)),
  }),

  'an instance whose methods need their this': (rows) =>
    new (class {
      readonly #rows = rows;
      get(id: string): Promise<unknown> {
        return Promise.resolve(parse(this.#rows.get(id)));
      }
      set(id: string, session: unknown): Promise<void> {
        return Promise.resolve(void this.#rows.set(id, JSON.stringify(session)));
      }
      destroy(id: string): Promise<void> {
        return Promise.resolve(void this.#rows.delete(id));
      }
    })(),
};

describe('the option store', () => {
  let site: Site | undefined;

  afterEach(async () => {
    await site?.close();
    site = undefined;
  });

  /** One round through everything a store does. */
  async function tryOut(store: unknown): Promise<void> {
    site = await openNew(store as Given);
    expect(site.app.get(SESSION_STORE)).toBeInstanceOf(ExpressStoreAdapter);
    const client = site.client();
    await client.post('/run/set', { color: 'green' });
    const stolen = client.copy();
    await client.post('/run/login', { userId: 'ann' });
    expect((await client.get('/run/read')).body).toEqual({ color: 'green', userId: 'ann' });
    expect((await stolen.get('/run/read')).body).toEqual({});
    const again = client.copy();
    expect((await client.post('/run/logout')).status).toBe(200);
    expect((await again.get('/run/read')).body).toEqual({});
  }

  describe.each(Object.entries(SHAPES))('takes %s', (_name, shape) => {
    it('as it is', async () => {
      const rows: Rows = new Map();
      await tryOut(shape(rows));
      expect(rows.size).toBe(0);
    });

    it('from a factory', async () => {
      await tryOut({ useFactory: () => shape(new Map()) });
    });
  });

  it('takes a store of a package, from a factory that injects and waits', async () => {
    const tokens: unknown[] = [];
    const useFactory = (...given: unknown[]): Promise<ExpressSessionStore> => {
      tokens.push(...given);
      return Promise.resolve(new MemoryStore());
    };
    await tryOut({ inject: [{ token: 'NOT_THERE', optional: true }], useFactory });
    expect(tokens).toEqual([undefined]);
  });

  it('takes an ExpressStoreAdapter as it is', async () => {
    const store = new RowStore();
    const adapter = new ExpressStoreAdapter(store, { hashIds: true });
    site = await openNew(adapter);
    expect(site.app.get(SESSION_STORE)).toBe(adapter);
    const client = site.client();
    await client.post('/run/set', { color: 'green' });
    expect([...store.texts.keys()]).not.toContain(idOf(client));
    expect((await client.get('/run/read')).body).toEqual({ color: 'green' });
  });

  it('calls nothing of a store at start', async () => {
    const store = new RowStore();
    site = await openNew(store);
    expect(store.calls).toEqual([]);
  });

  const half = { get: () => undefined, set: () => undefined };

  it.each([
    ['the class instead of an instance', RedisStore, 'the function RedisStore'],
    ['an object without destroy', half, 'an object'],
    ['an object whose destroy is no function', { ...half, destroy: true }, 'an object'],
    ['a Map', new Map(), 'a Map'],
    ['the session function', expressSession, 'the function session'],
    ['a factory that makes no store', { useFactory: () => half }, 'an object'],
  ])('refuses %s', async (_name, store, shown) => {
    await expect(openNew(store as unknown as Given)).rejects.toThrow(
      `SessionModule option "store": ${shown} was given; accepted: a SessionStore (read, create, update, delete), a store for express-session (get, set, destroy), or a factory { inject, useFactory } that returns one.`,
    );
  });

  it('lets the error of a factory through', async () => {
    const useFactory = (): never => {
      throw new Error('no connection');
    };
    await expect(openNew({ useFactory })).rejects.toThrow('no connection');
  });
});
