import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { EventEmitter } from 'node:events';
import { inherits } from 'node:util';
import dropIn from '../../../lib/express/index.js';
import { PEERS, stopServers } from './support/peers.js';
import { type AnyStore, as, called, fakeDate, parts, passTime, site } from './support/store-helpers.js';

const NOW = Date.parse('2030-01-01T00:00:00Z');
const MINUTE = 60_000;

describe('memory store', () => {
  beforeEach(() => fakeDate(NOW));
  afterEach(async () => {
    jest.useRealTimers();
    await stopServers();
  });

  describe.each(PEERS)('%s: session.MemoryStore', (_, session) => {
    const { MemoryStore, Store, Cookie } = parts(session);
    let store: AnyStore;

    beforeEach(() => {
      store = new MemoryStore();
    });

    const row = (data: object = {}, cookie: object = {}): object => ({ cookie: new Cookie(cookie), ...data });
    const get = (id: string): Promise<unknown> => called((done) => store.get(id, done));
    const set = (id: string, value: unknown): Promise<void> => called((done) => store.set(id, value, done));
    const all = (): Promise<Record<string, unknown>> => called((done) => store.all(done));
    const length = (): Promise<number> => called((done) => store.length(done));
    const stored = { originalMaxAge: null, expires: null, httpOnly: true, path: '/' };

    it('is a Store and an EventEmitter', () => {
      expect(store).toBeInstanceOf(Store);
      expect(store).toBeInstanceOf(EventEmitter);
    });

    it('gives back what was set', async () => {
      await set('a', row({ color: 'green', deep: { list: [1, null] } }));
      expect(await get('a')).toEqual({ cookie: stored, color: 'green', deep: { list: [1, null] } });
    });

    it('gives nothing for an unknown id', async () => {
      expect(await get('unknown')).toBeUndefined();
    });

    it.each(['__proto__', 'constructor', 'toString', ''])('takes the id %p for an id', async (id) => {
      expect(await get(id)).toBeUndefined();
      await set(id, row({ a: 1 }));
      expect(await get(id)).toMatchObject({ a: 1 });
      expect(await length()).toBe(1);
    });

    it('overwrites', async () => {
      await set('a', row({ color: 'green', size: 1 }));
      await set('a', row({ color: 'red' }));
      expect(await get('a')).toEqual({ cookie: stored, color: 'red' });
    });

    it('keeps a copy of what was set', async () => {
      const value = row({ list: [1] }) as { list: number[] };
      await set('a', value);
      value.list.push(2);
      expect(await get('a')).toMatchObject({ list: [1] });
    });

    it('gives another copy each time', async () => {
      await set('a', row({ list: [1] }));
      const first = as<{ list: number[] }>(await get('a'));
      first.list.push(2);
      expect(await get('a')).toMatchObject({ list: [1] });
    });

    it('gives what JSON holds: text for dates', async () => {
      await set('a', row({ at: new Date(0), nothing: undefined }, { maxAge: MINUTE }));
      expect(await get('a')).toEqual({
        cookie: { ...stored, originalMaxAge: MINUTE, expires: '2030-01-01T00:01:00.000Z' },
        at: '1970-01-01T00:00:00.000Z',
      });
    });

    it('destroys one', async () => {
      await set('a', row());
      await set('b', row());
      await called((done) => store.destroy('a', done));
      expect(await get('a')).toBeUndefined();
      expect(await get('b')).toBeDefined();
    });

    it('destroys an unknown one without an error', async () => {
      await called((done) => store.destroy('unknown', done));
      expect(await length()).toBe(0);
    });

    it('touches the cookie alone', async () => {
      await set('a', row({ color: 'green' }, { maxAge: MINUTE }));
      passTime(30_000);
      const touched = row({ color: 'red', size: 1 }, { maxAge: MINUTE });
      await called((done) => store.touch('a', touched, done));
      expect(await get('a')).toEqual({
        cookie: { ...stored, originalMaxAge: MINUTE, expires: '2030-01-01T00:01:30.000Z' },
        color: 'green',
      });
    });

    it('makes no row by touching one that is not there', async () => {
      await called((done) => store.touch('a', row(), done));
      expect(await length()).toBe(0);
    });

    it('lists all by their ids', async () => {
      await set('a', row({ n: 1 }));
      await set('b', row({ n: 2 }));
      expect({ ...(await all()) }).toEqual({ a: { cookie: stored, n: 1 }, b: { cookie: stored, n: 2 } });
    });

    it('lists copies', async () => {
      await set('a', row({ n: 1 }));
      as<{ n: number }>((await all()).a).n = 2;
      expect(await get('a')).toMatchObject({ n: 1 });
    });

    it('lists nothing when it is empty', async () => {
      expect(Object.keys(await all())).toEqual([]);
      expect(await length()).toBe(0);
    });

    it('counts', async () => {
      await set('a', row());
      await set('b', row());
      await set('a', row());
      expect(await length()).toBe(2);
    });

    it('clears', async () => {
      await set('a', row());
      await set('b', row());
      await called((done) => store.clear(done));
      expect(await length()).toBe(0);
      expect(await get('a')).toBeUndefined();
    });

    describe('when time passes', () => {
      it('forgets a session at the end of its cookie, not before', async () => {
        await set('a', row({}, { maxAge: MINUTE }));
        passTime(MINUTE - 1);
        expect(await get('a')).toBeDefined();
        passTime(1);
        expect(await get('a')).toBeUndefined();
      });

      it('does not list or count those that have ended', async () => {
        await set('short', row({}, { maxAge: MINUTE }));
        await set('long', row({}, { maxAge: 5 * MINUTE }));
        passTime(MINUTE);
        expect(Object.keys(await all())).toEqual(['long']);
        expect(await length()).toBe(1);
      });

      it('keeps one without an end', async () => {
        await set('a', row());
        passTime(365 * 24 * 60 * MINUTE);
        expect(await get('a')).toBeDefined();
      });

      it('keeps one that was touched in time', async () => {
        await set('a', row({}, { maxAge: MINUTE }));
        passTime(MINUTE - 1);
        await called((done) => store.touch('a', row({}, { maxAge: MINUTE }), done));
        passTime(MINUTE - 1);
        expect(await get('a')).toBeDefined();
      });

      it('does not revive by a touch one that has ended', async () => {
        await set('a', row({}, { maxAge: MINUTE }));
        passTime(MINUTE);
        await called((done) => store.touch('a', row({}, { maxAge: MINUTE }), done));
        expect(await get('a')).toBeUndefined();
      });

      it('takes expires as text, as other stores have it', async () => {
        await set('a', { cookie: { expires: '2030-01-01T00:01:00.000Z' } });
        expect(await get('a')).toBeDefined();
        passTime(MINUTE);
        expect(await get('a')).toBeUndefined();
      });
    });

    describe('its callbacks', () => {
      it.each(['get', 'set', 'touch', 'destroy', 'all', 'clear', 'length'] as const)(
        'of %s() is called once, later, without an error',
        async (method) => {
          await set('a', row());
          const calls: unknown[] = [];
          const done = (error: unknown): void => void calls.push(error ?? 'no error');
          const args = { get: ['a'], set: ['a', row()], touch: ['a', row()], destroy: ['a'] };
          const run = as<(...args: unknown[]) => void>(Reflect.get(store, method));
          run.call(store, ...((args as Record<string, unknown[]>)[method] ?? []), done);
          expect(calls).toEqual([]);
          await length();
          await length();
          expect(calls).toEqual(['no error']);
        },
      );

      it('may be left out where nothing is asked for', async () => {
        store.set('a', row({ n: 1 }, { maxAge: MINUTE }));
        store.set('b', row());
        expect(await length()).toBe(2);
        passTime(30_000);
        store.touch('a', row({}, { maxAge: MINUTE }));
        expect(await get('a')).toMatchObject({ cookie: { expires: '2030-01-01T00:01:30.000Z' } });
        store.destroy('a');
        expect(await length()).toBe(1);
        store.clear();
        expect(await length()).toBe(0);
      });
    });

    describe('as a base', () => {
      it('serves a class that overrides a method', async () => {
        const seen: string[] = [];
        class Mine extends MemoryStore {
          override get(...[id, callback]: Parameters<AnyStore['get']>): void {
            seen.push(id);
            super.get(id, callback);
          }
        }
        const { client } = await site(
          session,
          {
            '/': (req) => {
              req.session.a = 1;
              return req.session.id;
            },
          },
          { store: new Mine() },
        );
        const visitor = client();
        const { body } = await visitor.get('/');
        await visitor.get('/');
        expect(seen).toContain(body);
      });

      it('serves a constructor function that calls and inherits it', async () => {
        function Mine(this: object): void {
          as<() => void>(MemoryStore).call(this);
        }
        inherits(Mine, MemoryStore);
        store = new (as<new () => AnyStore>(Mine))();
        await set('a', row({ n: 1 }));
        expect(await get('a')).toMatchObject({ n: 1 });
        expect(store).toBeInstanceOf(MemoryStore);
      });
    });

    it('is one of its own for every session() that names no store', async () => {
      const routes = {
        '/': (req: { sessionStore: AnyStore; session: Record<string, unknown> }): Promise<unknown> => {
          req.session.a = 1;
          return called((done) => req.sessionStore.length(done));
        },
      };
      const first = await site(session, routes);
      await first.client().get('/');
      const second = await site(session, routes);
      expect((await second.client().get('/')).body).toBe(0);
      expect((await first.client().get('/')).body).toBe(1);
    });

    it('can be asked from outside for the sessions of a site', async () => {
      const { client } = await site(
        session,
        {
          '/': (req) => {
            req.session.color = 'green';
            return req.session.id;
          },
        },
        { store },
      );
      const { body: id } = await client().get('/');
      expect(await all()).toMatchObject({ [as<string>(id)]: { color: 'green' } });
    });

    it('destroyed or cleared from outside ends sessions', async () => {
      const { client } = await site(
        session,
        {
          '/set': (req) => {
            req.session.color = 'green';
            return 'ok';
          },
          '/read': (req) => ({ color: req.session.color }),
        },
        { store },
      );
      const visitor = client();
      await visitor.get('/set');
      expect((await visitor.get('/read')).body).toEqual({ color: 'green' });
      await called((done) => store.clear(done));
      expect((await visitor.get('/read')).body).toEqual({});
    });
  });

  describe('chosen differences: nest-session/express', () => {
    it('a MemoryStore drops sessions that have ended without being asked for them', async () => {
      jest.useRealTimers();
      jest.useFakeTimers({
        now: NOW,
        doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance'],
      });
      const { MemoryStore, Cookie } = parts(dropIn);
      const store = new MemoryStore();
      const row = (maxAge: number | null): object => ({ cookie: new Cookie({ maxAge }), n: 1 });
      await called((done) => store.set('short', row(MINUTE), done));
      await called((done) => store.set('endless', row(null), done));
      jest.advanceTimersByTime(24 * 60 * MINUTE);
      await called((done) => store.set('later', row(MINUTE), done));
      jest.setSystemTime(NOW); // were the row still there, it would not have ended now
      expect(await called((done) => store.get('short', done))).toBeUndefined();
      expect(await called((done) => store.get('endless', done))).toBeDefined();
    });
  });
});
