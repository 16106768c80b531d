import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import dropIn from '../../../lib/express/index.js';
import expressSession from 'express-session';
import { PEERS, type SessionFunction, stopServers } from './support/peers.js';
import {
  as,
  serializingOnce,
  called,
  type Callback,
  dataOf,
  fakeDate,
  fakeStore,
  parts,
  passTime,
  type Route,
  site,
  slowly,
} from './support/store-helpers.js';

describe('store kinds', () => {
  beforeEach(() => fakeDate(Date.now())); // the clock stands still: originalMaxAge is reckoned from two looks at it
  afterEach(async () => {
    jest.useRealTimers();
    await stopServers();
  });

  const ROUTES: Record<string, Route> = {
    '/count': (req) => {
      req.session.views = as<number>(req.session.views ?? 0) + 1;
      return { views: req.session.views };
    },
    '/read': (req) => ({ id: req.session.id, ...dataOf(req.session) }),
    '/save': async (req) => {
      req.session.saved = true;
      await called((done) => req.session.save(done));
      return dataOf(req.session);
    },
    '/reload': async (req) => {
      req.session.views = -1;
      await called((done) => req.session.reload(done));
      return dataOf(req.session);
    },
    '/regenerate': async (req) => {
      await called((done) => req.session.regenerate(done));
      return { id: req.session.id };
    },
    '/destroy': async (req) => {
      await called((done) => req.session.destroy(done));
      return 'ok';
    },
  };

  /** Every kind of store is used in the same way. */
  async function expectServes(
    session: SessionFunction,
    store: unknown,
    size: () => number,
    options: object = {},
  ): Promise<void> {
    const { client, errors } = await site(session, ROUTES, { store, ...options });
    const visitor = client();
    expect((await visitor.get('/count')).body).toEqual({ views: 1 });
    expect((await visitor.get('/count')).body).toEqual({ views: 2 });
    const { id } = (await visitor.get('/read')).body as { id: string };
    expect((await visitor.get('/save')).body).toEqual({ views: 2, saved: true });
    expect((await visitor.get('/reload')).body).toEqual({ views: 2, saved: true });
    expect(size()).toBe(1);
    const { body } = await visitor.get('/regenerate');
    expect(body.id).not.toBe(id);
    expect(size()).toBe(1);
    expect((await visitor.get('/count')).body).toEqual({ views: 1 });
    await visitor.get('/destroy');
    expect(size()).toBe(0);
    expect(errors).toEqual([]);
  }

  type Row = Record<string, Record<string, unknown>>;

  describe.each(PEERS)('%s: a store', (_, session) => {
    const { Store } = parts(session);

    describe.each([false, true])('(resave: %s)', (resave) => {
      it('that calls back at once', async () => {
        const store = fakeStore(session, serializingOnce);
        await expectServes(session, store, () => store.rows.size, { resave });
      });

      it('that is slow', async () => {
        const store = fakeStore(session, slowly);
        await expectServes(session, store, () => store.rows.size, { resave });
      });

      it('without touch', async () => {
        const store = fakeStore(session);
        Object.assign(store, { touch: undefined });
        await expectServes(session, store, () => store.rows.size, { resave });
      });

      it('whose methods are async functions that call back too', async () => {
        const rows = new Map<string, string>();
        class Mine extends Store {
          async get(id: string, callback?: Callback): Promise<unknown> {
            const row = await Promise.resolve(rows.get(id));
            const value = row === undefined ? null : (JSON.parse(row) as unknown);
            return callback ? callback(null, value) : value;
          }
          async set(id: string, value: unknown, callback?: Callback): Promise<unknown> {
            await Promise.resolve(rows.set(id, JSON.stringify(value)));
            return callback?.(null, null);
          }
          async touch(_id: string, _value: unknown, callback?: Callback): Promise<unknown> {
            await Promise.resolve();
            return callback?.(null, 'OK');
          }
          async destroy(id: string, callback?: Callback): Promise<unknown> {
            await Promise.resolve(rows.delete(id));
            return callback?.(null, 1);
          }
        }
        await expectServes(session, new Mine(), () => rows.size, { resave });
      });

      it('that is a plain object with on(), and two methods of Store', async () => {
        const rows = new Map<string, string>();
        const { createSession, regenerate } = as<Record<string, unknown>>(Store.prototype);
        const store = {
          createSession,
          regenerate,
          on: () => undefined,
          get: (id: string, callback: Callback) =>
            setImmediate(callback, null, rows.has(id) ? JSON.parse(rows.get(id)!) : undefined),
          set: (id: string, value: unknown, callback: Callback) => {
            rows.set(id, JSON.stringify(value));
            setImmediate(callback);
          },
          destroy: (id: string, callback: Callback) => {
            rows.delete(id);
            setImmediate(callback);
          },
        };
        await expectServes(session, store, () => rows.size, { resave });
      });

      it('that hands out the very object it was given', async () => {
        const rows = new Map<string, unknown>();
        class Mine extends Store {
          get(id: string, callback: Callback): void {
            setImmediate(callback, null, rows.get(id));
          }
          set(id: string, value: unknown, callback: Callback): void {
            rows.set(id, value);
            setImmediate(callback);
          }
          destroy(id: string, callback: Callback): void {
            rows.delete(id);
            setImmediate(callback);
          }
        }
        const { client, errors } = await site(session, ROUTES, { store: new Mine(), resave });
        const visitor = client();
        for (const views of [1, 2, 3]) expect((await visitor.get('/count')).body).toEqual({ views });
        expect(rows.size).toBe(1);
        expect(errors).toEqual([]);
      });

      it('that copies what it is given by its properties', async () => {
        const rows = new Map<string, Row>();
        class Mine extends Store {
          get(id: string, callback: Callback): void {
            setImmediate(callback, null, structuredClone(rows.get(id)));
          }
          set(id: string, value: Row, callback: Callback): void {
            const cookie = as<{ toJSON(): Record<string, unknown> }>(value.cookie).toJSON();
            rows.set(id, { ...value, cookie });
            setImmediate(callback);
          }
          destroy(id: string, callback: Callback): void {
            rows.delete(id);
            setImmediate(callback);
          }
        }
        await expectServes(session, new Mine(), () => rows.size, { resave });
      });
    });

    it('is given a session whose cookie tells when it ends', async () => {
      const seen: unknown[] = [];
      class Mine extends Store {
        get(_id: string, callback: Callback): void {
          callback();
        }
        set(_id: string, { cookie }: Row, callback: Callback): void {
          seen.push(cookie?.maxAge, cookie?.originalMaxAge, cookie?.expires instanceof Date);
          callback();
        }
        destroy(_id: string, callback: Callback): void {
          callback();
        }
      }
      const { client } = await site(session, ROUTES, { store: new Mine(), cookie: { maxAge: 3_600_000 } });
      await client().get('/count');
      expect(seen).toEqual([3_600_000, 3_600_000, true]);
    });

    it('is given the id and the session to touch, with a cookie that starts anew', async () => {
      const store = fakeStore(session);
      const touched: unknown[] = [];
      const { client } = await site(session, ROUTES, { store, cookie: { maxAge: 3_600_000 } });
      const visitor = client();
      await visitor.get('/count');
      const [[id, row] = ['', '']] = store.rows;
      const aged = JSON.parse(row) as Row;
      aged.cookie!.expires = new Date(Date.now() + 60_000).toISOString();
      store.rows.set(id, JSON.stringify(aged));
      store.touch = (of, value, callback) => {
        const { cookie, views } = value as { cookie: { maxAge: number }; views: number };
        touched.push(of, views, cookie.maxAge > 3_500_000);
        callback?.();
      };
      await visitor.get('/read');
      expect(touched).toEqual([id, 1, true]);
    });

    it.each([
      ['null', null],
      ['undefined', undefined],
      ['false', false],
      ['an empty text', ''],
    ])('that answers %s for an id that is unknown: the visitor gets another id', async (_name, nothing) => {
      const store = fakeStore(session);
      const { client, errors } = await site(session, ROUTES, { store });
      const visitor = client();
      await visitor.get('/count');
      const [id] = store.rows.keys();
      store.get = (_id, callback) => void setImmediate(callback, null, nothing);
      const { body } = await visitor.get('/read');
      expect(body).toEqual({ id: expect.any(String) });
      expect(body.id).not.toBe(id);
      expect(errors).toEqual([]);
    });

    it('may leave the error out where it is not found', async () => {
      const store = fakeStore(session);
      const { client } = await site(session, ROUTES, { store });
      const visitor = client();
      await visitor.get('/count');
      store.get = (_id, callback) => void setImmediate(callback);
      expect((await visitor.get('/count')).body).toEqual({ views: 1 });
    });

    /** A visitor who has a cookie, and a row that is changed behind the site's back. */
    async function withRow(of: SessionFunction, change: (row: Row) => unknown): Promise<unknown> {
      const store = fakeStore(of);
      const { client } = await site(of, ROUTES, { store, cookie: { maxAge: 60_000 } });
      const visitor = client();
      await visitor.get('/count');
      for (const [id, text] of store.rows)
        store.rows.set(id, JSON.stringify(change(JSON.parse(text) as Row)));
      const { status, body } = await visitor.get('/read');
      return { status, views: as<{ views?: number }>(body)?.views };
    }

    it.each<[string, (row: Row) => unknown]>([
      ['without originalMaxAge', (row) => ({ ...row, cookie: { ...row.cookie, originalMaxAge: undefined } })],
      ['without expires', (row) => ({ ...row, cookie: { ...row.cookie, expires: undefined } })],
      ['with an empty cookie', (row) => ({ ...row, cookie: {} })],
      ['with unknown keys in the cookie', (row) => ({ ...row, cookie: { ...row.cookie, color: 'green' } })],
      ['with a cookie of no end', (row) => ({ ...row, cookie: { originalMaxAge: null, expires: null } })],
      ['with fields of the store', (row) => ({ ...row, _id: 'x', __v: 0, lastAccess: 1 })],
    ])('whose row is %s: its data is read', async (_name, change) => {
      expect(await withRow(session, change)).toEqual({ status: 200, views: 1 });
    });

    it('whose touch moves its own deadline alone, as that of many does, decides how long the session lives', async () => {
      const store = fakeStore(session);
      store.touch = (_id, _session, callback) => void setImmediate(callback!);
      const { client } = await site(session, ROUTES, { store, cookie: { maxAge: 60_000 } });
      const visitor = client();
      await visitor.get('/count');
      for (let visit = 0; visit < 3; visit++) {
        passTime(50_000); // the row is as the first request wrote it, and its cookie ends after a minute
        expect((await visitor.get('/read')).body).toMatchObject({ views: 1 });
      }
    });

    it('whose row has expires as a Date: it is read', async () => {
      const store = fakeStore(session);
      const { client } = await site(session, ROUTES, { store, cookie: { maxAge: 60_000 } });
      const visitor = client();
      await visitor.get('/count');
      const get = store.get.bind(store);
      store.get = (id, callback) =>
        get(id, (error, row) => {
          const { cookie } = as<{ cookie: { expires: unknown } }>(row);
          cookie.expires = new Date(as<string>(cookie.expires));
          callback(error, row);
        });
      expect((await visitor.get('/count')).body).toEqual({ views: 2 });
    });
  });

  describe('moving from one to the other', () => {
    const [peer, own] = [expressSession as SessionFunction, dropIn];

    it.each([
      ['express-session', 'nest-session/express', peer, own],
      ['nest-session/express', 'express-session', own, peer],
    ])('what %s has stored is what %s reads, with the same cookie', async (_from, _to, from, to) => {
      const rows = new Map<string, string>();
      const options = { cookie: { maxAge: 60_000 } };
      const before = await site(from, ROUTES, { ...options, store: fakeStore(from, undefined, rows) });
      const visitor = before.client();
      await visitor.get('/count');
      const { body } = await visitor.get('/read');
      const after = await site(to, ROUTES, { ...options, store: fakeStore(to, undefined, rows) });
      const moved = after.client();
      moved.headers.cookie = visitor.cookieHeader;
      expect((await moved.get('/read')).body).toEqual(body);
      expect((await moved.get('/count')).body).toEqual({ views: 2 });
      expect((await visitor.get('/count')).body).toEqual({ views: 3 });
    });

    it('leaves the same row', async () => {
      const rows = await Promise.all(
        [peer, own].map(async (session) => {
          const store = fakeStore(session);
          const { client } = await site(session, ROUTES, {
            store,
            cookie: { sameSite: 'lax', secure: 'auto' },
          });
          const visitor = client();
          await visitor.get('/count');
          await visitor.get('/save');
          return [...store.rows.values()];
        }),
      );
      expect(rows[1]).toEqual(rows[0]);
    });
  });

  describe('chosen differences: nest-session/express', () => {
    /** What a visitor sees, and what the row is, when the row was replaced by this text. */
    async function seen(text: string): Promise<unknown> {
      const store = fakeStore(dropIn);
      const { client, errors } = await site(dropIn, ROUTES, { store, cookie: { maxAge: 60_000 } });
      const visitor = client();
      await visitor.get('/count');
      const [id] = store.rows.keys();
      store.rows.set(id!, text);
      const { status, body } = await visitor.get('/read');
      const again = await visitor.get('/count');
      return { status, views: body?.views, another: body?.id !== id, again: again.body, errors };
    }
    const FRESH = { status: 200, views: undefined, another: true, again: { views: 1 }, errors: [] };

    it.each([
      ['without a cookie', '{"views":7}'],
      ['with a cookie of null', '{"cookie":null,"views":7}'],
      ['with a text for a cookie', '{"cookie":"text","views":7}'],
      ['that is a text', '"views"'],
      ['that is a number', '7'],
      ['that is a list', '[1]'],
      ['with an expires that is no date', '{"cookie":{"expires":"tomorrow"},"views":7}'],
    ])('a row %s gives a fresh session', async (_, text) => {
      expect(await seen(text)).toEqual(FRESH);
    });

    it('a plain object with on() needs no methods of Store', async () => {
      const rows = new Map<string, string>();
      const store = {
        on: () => undefined,
        get: (id: string, callback: Callback) =>
          setImmediate(callback, null, rows.has(id) ? JSON.parse(rows.get(id)!) : undefined),
        set: (id: string, value: unknown, callback: Callback) => {
          rows.set(id, JSON.stringify(value));
          setImmediate(callback);
        },
        destroy: (id: string, callback: Callback) => {
          rows.delete(id);
          setImmediate(callback);
        },
      };
      await expectServes(dropIn, store, () => rows.size);
    });
  });
});
