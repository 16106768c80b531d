import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { PEERS, stopServers } from './support/peers.js';
import {
  call,
  DROP_IN,
  freeze,
  gate,
  memoryStore,
  type Routes,
  site,
  type Store,
  until,
} from './support/options-helpers.js';

describe('resave', () => {
  afterEach(async () => {
    jest.useRealTimers();
    await stopServers();
  });

  const UNTOUCHED = { set: 0, touch: 1, destroy: 0 };
  const SAVED = { set: 1, touch: 0, destroy: 0 };

  const both = [false, true];

  describe.each(PEERS)('a request of a session that exists (%s)', (_, session) => {
    describe.each(both)('resave: %s', (resave) => {
      describe.each(both)('saveUninitialized: %s', (saveUninitialized) => {
        it(`unchanged, it is ${resave ? 'saved' : 'touched'} and no cookie sent`, async () => {
          const { visitor, calls } = await site(session, { resave, saveUninitialized });
          expect((await (await visitor()).get('/')).setCookies).toEqual([]);
          expect(calls).toEqual(resave ? SAVED : UNTOUCHED);
        });

        it(`unchanged, it is ${resave ? 'saved' : 'touched'} with rolling, too, and its cookie sent`, async () => {
          const { visitor, calls } = await site(session, { resave, saveUninitialized, rolling: true });
          expect((await (await visitor()).get('/')).setCookies).toHaveLength(1);
          expect(calls).toEqual(resave ? SAVED : UNTOUCHED);
        });

        it('changed, it is saved and no cookie sent', async () => {
          const { visitor, calls, rows } = await site(session, { resave, saveUninitialized });
          const client = await visitor();
          expect((await client.get('/change')).setCookies).toEqual([]);
          expect(calls).toEqual(SAVED);
          expect(Object.values(await rows())).toEqual([expect.objectContaining({ n: 2 })]);
        });

        it('unchanged, its row and data stay', async () => {
          const { visitor, rows } = await site(session, { resave, saveUninitialized });
          await (await visitor()).get('/');
          expect(Object.values(await rows())).toEqual([expect.objectContaining({ n: 1 })]);
        });
      });
    });

    describe('counts as changed', () => {
      it.each<[string, Routes[string]]>([
        ['by a new property', (req) => void (req.session.other = 1)],
        ['by another value', (req) => void (req.session.n = 2)],
        ['by another type of the same value', (req) => void (req.session.n = '1')],
        ['by a property taken away', (req) => void delete req.session.n],
        ['by a change inside an object', (req) => void (req.session.deep.er.value = 2)],
        ['by a change inside a list', (req) => void (req.session.list as number[]).push(3)],
        ['by a nested property called cookie', (req) => void (req.session.deep.cookie = 'oat')],
        [
          'by a change inside a nested property called cookie',
          (req) => void (req.session.jar.cookie.count = 2),
        ],
      ])('%s', async (_case, change) => {
        const { client, calls } = await site(
          session,
          {},
          {
            begin: (req) =>
              void Object.assign(req.session as object, {
                n: 1,
                deep: { er: { value: 1 } },
                list: [1, 2],
                jar: { cookie: { count: 1 } },
              }),
            alter: change,
          },
        );
        const visitor = client();
        await visitor.get('/begin');
        const before = calls.set;
        const { data } = (await visitor.get('/alter')).body;
        expect(calls.set - before).toBe(1);
        expect((await visitor.get('/')).body.data).toEqual(data);
      });
    });

    it.each<[string, Routes[string]]>([
      ['reading', (req) => void JSON.stringify(req.session)],
      ['the same value', (req) => void (req.session.n = 1)],
      [
        'a change that is undone',
        (req) => {
          req.session.n = 2;
          req.session.n = 1;
        },
      ],
      ['an undefined property', (req) => void (req.session.nothing = undefined)],
      ['a function', (req) => void (req.session.act = () => 1)],
      [
        'session.touch()',
        (req) => {
          (req.session as { touch(): void }).touch();
        },
      ],
    ])('does not count as changed by %s', async (_case, act) => {
      const { visitor, calls } = await site(session, {}, { act });
      await (await visitor()).get('/act');
      expect(calls).toEqual(UNTOUCHED);
    });

    it.each<[string, Routes[string]]>([
      ['maxAge', (req) => void (req.session.cookie.maxAge = 3_600_000)],
      ['expires', (req) => void (req.session.cookie.expires = new Date('2030-01-01T01:00:00Z'))],
      ['sameSite', (req) => void (req.session.cookie.sameSite = 'strict')],
    ])('does not send the cookie again for a change of session.cookie.%s alone', async (_case, act) => {
      freeze('2030-01-01T00:00:00Z');
      const { visitor } = await site(session, { cookie: { maxAge: 60_000 } }, { act });
      expect((await (await visitor()).get('/act')).setCookies).toEqual([]);
    });

    it('keeps a change of session.cookie.maxAge alone', async () => {
      freeze('2030-01-01T00:00:00Z');
      const { visitor, rows } = await site(
        session,
        { cookie: { maxAge: 60_000 } },
        { remember: (req) => void (req.session.cookie.maxAge = 3_600_000) },
      );
      await (await visitor()).get('/remember');
      expect(Object.values(await rows())[0]!.cookie).toMatchObject({
        originalMaxAge: 3_600_000,
        expires: '2030-01-01T01:00:00.000Z',
      });
    });

    it.each(both)('has its row live on when it is only read (resave: %s)', async (resave) => {
      freeze('2030-01-01T00:00:00Z');
      const { visitor, rows } = await site(session, { resave, cookie: { maxAge: 60_000 } });
      const client = await visitor();
      jest.setSystemTime(new Date('2030-01-01T00:00:40Z'));
      await client.get('/');
      expect(Object.values(await rows())[0]!.cookie.expires).toBe('2030-01-01T00:01:40.000Z');
      jest.setSystemTime(new Date('2030-01-01T00:01:39Z'));
      expect((await client.get('/')).body.data.n).toBe(1);
    });

    it.each(both)('ends when nobody asks for it longer than maxAge (resave: %s)', async (resave) => {
      freeze('2030-01-01T00:00:00Z');
      const { visitor } = await site(session, { resave, cookie: { maxAge: 60_000 } });
      const client = await visitor();
      jest.setSystemTime(new Date('2030-01-01T00:01:01Z'));
      expect((await client.get('/')).body.data.n).toBeUndefined();
    });

    it.each(both)('saved by hand, it is not saved again at the end (resave: %s)', async (resave) => {
      const { visitor, calls } = await site(
        session,
        { resave },
        {
          save: async (req) => {
            req.session.n = 5;
            await call(req, 'save');
          },
        },
      );
      const client = await visitor();
      await client.get('/save');
      expect(calls.set).toBe(1);
      expect((await client.get('/')).body.data.n).toBe(5);
    });

    it('changed after it was saved by hand, it is saved again', async () => {
      const { visitor, calls } = await site(
        session,
        {},
        {
          save: async (req) => {
            req.session.n = 5;
            await call(req, 'save');
            req.session.n = 6;
          },
        },
      );
      const client = await visitor();
      await client.get('/save');
      expect(calls.set).toBe(2);
      expect((await client.get('/')).body.data.n).toBe(6);
    });

    it('unchanged, nothing is called of a store without touch', async () => {
      const store: Store = Object.assign(memoryStore(session), { touch: undefined });
      const { visitor, calls } = await site(session, { store });
      const client = await visitor();
      expect((await client.get('/')).body.data.n).toBe(1);
      expect(calls).toEqual({ set: 0, touch: 0, destroy: 0 });
    });

    it('a slow request that only reads does not undo a change beside it', async () => {
      const { opened, open } = gate();
      const arrived = gate();
      const { visitor } = await site(
        session,
        {},
        {
          slow: async () => {
            arrived.open();
            await opened;
          },
        },
      );
      const client = await visitor();
      const slow = client.get('/slow');
      await arrived.opened;
      await client.get('/change');
      open();
      await slow;
      expect((await client.get('/')).body.data.n).toBe(2);
    });

    it('an error of set is passed to next', async () => {
      const { visitor, errors, store } = await site(session);
      const client = await visitor();
      const failure = new Error('read-only');
      store.set = (_id, _session, callback) => void setImmediate(() => callback?.(failure));
      await client.get('/change');
      await until(() => errors.length > 0);
      expect(errors).toEqual([failure]);
    });

    it('an error of touch is passed to next', async () => {
      const { visitor, errors, store } = await site(session);
      const client = await visitor();
      const failure = new Error('read-only');
      store.touch = (_id, _session, callback) => void setImmediate(() => callback?.(failure));
      await client.get('/');
      await until(() => errors.length > 0);
      expect(errors).toEqual([failure]);
    });
  });

  describe.each(DROP_IN)('chosen differences (%s)', (_, session) => {
    it('an error of set answers the request, before anything is sent', async () => {
      const { visitor, store } = await site(session);
      const client = await visitor();
      store.set = (_id, _session, callback) => void setImmediate(() => callback?.(new Error('read-only')));
      expect(await client.get('/change')).toMatchObject({ status: 500, text: 'read-only', setCookies: [] });
    });

    it('an error of set for a new session answers the request, without a cookie', async () => {
      const { client, store } = await site(session);
      store.set = (_id, _session, callback) => void setImmediate(() => callback?.(new Error('read-only')));
      expect(await client().get('/change')).toMatchObject({ status: 500, text: 'read-only', setCookies: [] });
    });

    it('an error of touch answers the request, before anything is sent', async () => {
      const { visitor, store } = await site(session);
      const client = await visitor();
      store.touch = (_id, _session, callback) => void setImmediate(() => callback?.(new Error('read-only')));
      expect(await client.get('/')).toMatchObject({ status: 500, text: 'read-only' });
    });

    describe.each(both)('of two requests side by side (resave: %s)', (resave) => {
      /** Asks for `first`, then for `second` while the first has its session open. */
      async function sideBySide(routes: Routes, first: string, second: string) {
        const { opened, open } = gate();
        const arrived = gate();
        const { visitor, rows } = await site(
          session,
          { resave },
          {
            ...routes,
            [first]: async (req, res) => {
              arrived.open();
              await opened;
              await routes[first]?.(req, res);
            },
          },
        );
        const client = await visitor();
        const old = client.copy();
        const slow = old.get(`/${first}`);
        await arrived.opened;
        await client.get(`/${second}`);
        open();
        const { status } = await slow;
        expect(status).toBe(200);
        return { client, old, rows };
      }

      it('both keep what they changed', async () => {
        const { client } = await sideBySide(
          { one: (req) => void (req.session.one = 1), two: (req) => void (req.session.two = 2) },
          'one',
          'two',
        );
        expect((await client.get('/')).body.data).toMatchObject({ n: 1, one: 1, two: 2 });
      });

      it('one keeps what it changed beside one that takes another property away', async () => {
        const { client } = await sideBySide(
          { one: (req) => void (req.session.one = 1), less: (req) => void delete req.session.n },
          'one',
          'less',
        );
        const { data } = (await client.get('/')).body;
        expect(data).toMatchObject({ one: 1 });
        expect(data).not.toHaveProperty('n');
      });

      it.each(['more', 'look'])(
        'the late one (%s) does not bring back what the other destroyed',
        async (late) => {
          const { old, rows } = await sideBySide(
            { more: (req) => void (req.session.more = true), end: (req) => call(req, 'destroy') },
            late,
            'end',
          );
          expect(await rows()).toEqual({});
          expect((await old.get('/')).body.data.n).toBeUndefined();
        },
      );

      it('the late one does not bring back what the other regenerated', async () => {
        const { old, client } = await sideBySide(
          { more: (req) => void (req.session.more = true), login: (req) => call(req, 'regenerate') },
          'more',
          'login',
        );
        expect((await old.get('/')).body.data.n).toBeUndefined();
        expect((await client.get('/')).status).toBe(200);
      });
    });
  });
});
