import { afterEach, describe, expect, it } from '@jest/globals';
import { PEERS, stopServers } from './support/peers.js';
import { call, DROP_IN, type Routes, site, until } from './support/options-helpers.js';

describe('unset', () => {
  afterEach(stopServers);

  const UNSET: [string, Routes[string]][] = [
    ['req.session = null', (req) => void (req.session = null)],
    ['req.session = undefined', (req) => void (req.session = undefined)],
    ['delete req.session', (req) => void delete req.session],
    [
      'delete req.session, then req.session = null',
      (req) => {
        delete req.session;
        req.session = null;
      },
    ],
    [
      'delete req.session, then req.session = undefined',
      (req) => {
        delete req.session;
        req.session = undefined;
      },
    ],
  ];

  const KEEP: [string, object][] = [
    ['by default', {}],
    ['unset: keep', { unset: 'keep' }],
  ];

  describe.each(PEERS)('unsetting the session (%s)', (_, session) => {
    describe.each(UNSET)('%s', (_case, drop) => {
      describe.each(KEEP)('%s', (_unset, unset) => {
        it('keeps the row as it was, without the changes of the request', async () => {
          const { visitor, calls } = await site(
            session,
            { ...unset, resave: true },
            {
              drop: (req, res) => {
                req.session.n = 100;
                return drop(req, res);
              },
            },
          );
          const client = await visitor();
          expect(await client.get('/drop')).toMatchObject({
            status: 200,
            body: { data: null },
            setCookies: [],
          });
          expect(calls).toEqual({ set: 0, touch: 0, destroy: 0 });
          expect((await client.get('/')).body.data.n).toBe(1);
        });

        it('leaves no row and no cookie of a new session', async () => {
          const { client, calls } = await site(session, { ...unset, saveUninitialized: true }, { drop });
          expect((await client().get('/drop')).setCookies).toEqual([]);
          expect(calls).toEqual({ set: 0, touch: 0, destroy: 0 });
        });
      });

      describe('unset: destroy', () => {
        it('takes the row away and leaves the cookie alone', async () => {
          const { visitor, calls, rows } = await site(session, { unset: 'destroy', rolling: true }, { drop });
          const client = await visitor();
          expect(await client.get('/drop')).toMatchObject({
            status: 200,
            body: { data: null },
            setCookies: [],
          });
          expect(calls).toEqual({ set: 0, touch: 0, destroy: 1 });
          expect(await rows()).toEqual({});
        });

        it('gives another session to the next request', async () => {
          const { visitor } = await site(session, { unset: 'destroy' }, { drop });
          const client = await visitor();
          const { id } = (await client.get('/drop')).body;
          const { body, setCookies } = await client.get('/change');
          expect(body).toMatchObject({ data: { n: 1 } });
          expect(body.id).not.toBe(id);
          expect(setCookies).toHaveLength(1);
        });

        it('leaves no row and no cookie of a new session', async () => {
          const { client, rows, calls } = await site(
            session,
            { unset: 'destroy', saveUninitialized: true },
            { drop },
          );
          expect((await client().get('/drop')).setCookies).toEqual([]);
          expect(calls.set).toBe(0);
          expect(await rows()).toEqual({});
        });
      });
    });

    describe('unset: destroy', () => {
      it('takes away what the request saved by hand before', async () => {
        const { client, rows } = await site(
          session,
          { unset: 'destroy' },
          {
            drop: async (req) => {
              req.session.n = 1;
              await call(req, 'save');
              req.session = null;
            },
          },
        );
        await client().get('/drop');
        expect(await rows()).toEqual({});
      });

      it('takes away the regenerated session', async () => {
        const { visitor, rows } = await site(
          session,
          { unset: 'destroy' },
          {
            drop: async (req) => {
              await call(req, 'regenerate');
              req.session.n = 1;
              await call(req, 'save');
              req.session = null;
            },
          },
        );
        await (await visitor()).get('/drop');
        expect(await rows()).toEqual({});
      });

      it.each([false, true])(
        'leaves a session alone that was deleted and put back (null before: %s)',
        async (isNull) => {
          const { visitor, calls } = await site(
            session,
            { unset: 'destroy' },
            {
              back: (req) => {
                const { session: own } = req;
                if (isNull) req.session = null;
                delete req.session;
                req.session = own;
                req.session.n = 9;
              },
            },
          );
          const client = await visitor();
          expect((await client.get('/back')).body.data.n).toBe(9);
          expect((await client.get('/change')).body.data.n).toBe(10);
          expect(calls.destroy).toBe(0);
        },
      );

      it('does nothing to a session that stays', async () => {
        const { visitor, calls } = await site(session, { unset: 'destroy' });
        expect((await (await visitor()).get('/change')).body.data.n).toBe(2);
        expect(calls.destroy).toBe(0);
      });

      it('passes an error of the store to next', async () => {
        const { visitor, store, errors } = await site(session, { unset: 'destroy' }, { drop: UNSET[0]![1] });
        const client = await visitor();
        const failure = new Error('read-only');
        store.destroy = (_id, callback) => void setImmediate(() => callback?.(failure));
        await client.get('/drop');
        await until(() => errors.length > 0);
        expect(errors).toEqual([failure]);
      });
    });

    it.each([[null], [undefined]])('what was unset with %s reads so', async (value) => {
      const { client } = await site(
        session,
        {},
        {
          look: (req, res) => {
            req.session = value;
            res.end(String(req.session));
          },
        },
      );
      expect((await client().get('/look')).text).toBe(String(value));
    });

    it.each(['keep', 'destroy'])('a destroyed session stays so (unset: %s)', async (unset) => {
      const { visitor, rows } = await site(
        session,
        { unset, resave: true, saveUninitialized: true, rolling: true },
        { end: (req) => call(req, 'destroy') },
      );
      expect(await (await visitor()).get('/end')).toMatchObject({ body: { data: null }, setCookies: [] });
      expect(await rows()).toEqual({});
    });

    it('a new session that is destroyed leaves no cookie and no row', async () => {
      const { client, rows } = await site(
        session,
        { saveUninitialized: true },
        {
          end: async (req) => {
            req.session.n = 1;
            await call(req, 'destroy');
          },
        },
      );
      expect((await client().get('/end')).setCookies).toEqual([]);
      expect(await rows()).toEqual({});
    });
  });

  describe.each(DROP_IN)('chosen differences (%s)', (_, session) => {
    it('another object in place of the session is an error, also after it was deleted', async () => {
      const { visitor, rows } = await site(
        session,
        {},
        {
          replace: (req) => {
            delete req.session;
            req.session = { n: 5 };
          },
        },
      );
      const client = await visitor();
      expect(await client.get('/replace')).toMatchObject({
        status: 500,
        text: expect.stringContaining('req.session cannot be replaced by an object'),
      });
      expect(Object.values(await rows())).toEqual([expect.objectContaining({ n: 1 })]);
    });

    it('an error of destroy answers the request, before anything is sent', async () => {
      const { visitor, store } = await site(session, { unset: 'destroy' }, { drop: UNSET[0]![1] });
      const client = await visitor();
      store.destroy = (_id, callback) => void setImmediate(() => callback?.(new Error('read-only')));
      expect(await client.get('/drop')).toMatchObject({ status: 500, text: 'read-only' });
    });
  });
});
