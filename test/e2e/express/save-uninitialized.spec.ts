import { afterEach, describe, expect, it } from '@jest/globals';
import { PEERS, stopServers } from './support/peers.js';
import { call, cookieFor, DROP_IN, site } from './support/options-helpers.js';

describe('save uninitialized', () => {
  afterEach(stopServers);

  const NOTHING = { set: 0, touch: 0, destroy: 0 };
  const SAVED = { set: 1, touch: 0, destroy: 0 };

  const both = [false, true];

  describe.each(PEERS)('a new session (%s)', (_, session) => {
    describe.each(both)('saveUninitialized: %s', (saveUninitialized) => {
      describe.each(both)('resave: %s', (resave) => {
        const options = { saveUninitialized, resave };
        const kept = saveUninitialized ? 'is saved and sent' : 'leaves no row and no cookie';

        it(`unchanged, it ${kept}`, async () => {
          const { client, calls, rows } = await site(session, options);
          expect((await client().get('/')).setCookies).toHaveLength(saveUninitialized ? 1 : 0);
          expect(calls).toEqual(saveUninitialized ? SAVED : NOTHING);
          expect(Object.keys(await rows())).toHaveLength(saveUninitialized ? 1 : 0);
        });

        it('changed, it is saved once and sent', async () => {
          const { client, calls, rows } = await site(session, options);
          const { setCookies, body } = await client().get('/change');
          expect(setCookies).toHaveLength(1);
          expect(calls).toEqual(SAVED);
          expect(await rows()).toEqual({ [body.id]: expect.objectContaining({ n: 1 }) });
        });

        it(`unchanged, in place of one that is unknown, it ${kept}`, async () => {
          const { client, calls, rows } = await site(session, options);
          const visitor = client();
          visitor.headers.cookie = cookieFor('unknown');
          const { setCookies, body } = await visitor.get('/');
          expect(body.id).not.toBe('unknown');
          expect(setCookies).toHaveLength(saveUninitialized ? 1 : 0);
          expect(calls).toEqual(saveUninitialized ? SAVED : NOTHING);
          expect(Object.keys(await rows())).toEqual(saveUninitialized ? [body.id] : []);
        });

        it('saved by hand, it is not saved again at the end', async () => {
          const { client, calls } = await site(session, options, {
            save: async (req) => {
              req.session.n = 5;
              await call(req, 'save');
            },
          });
          const visitor = client();
          expect((await visitor.get('/save')).setCookies).toHaveLength(1);
          expect(calls).toEqual(SAVED);
          expect((await visitor.get('/')).body.data.n).toBe(5);
        });

        it('changed after it was saved by hand, it is saved again', async () => {
          const { client, calls } = await site(session, options, {
            save: async (req) => {
              req.session.n = 5;
              await call(req, 'save');
              req.session.n = 6;
            },
          });
          const visitor = client();
          await visitor.get('/save');
          expect(calls).toEqual({ ...SAVED, set: 2 });
          expect((await visitor.get('/')).body.data.n).toBe(6);
        });
      });
    });

    it('has an id and a cookie to look at, kept or not', async () => {
      const { client } = await site(
        session,
        {},
        { own: (req, res) => res.end(JSON.stringify([req.session.id, req.sessionID, req.session.cookie])) },
      );
      const [id, sessionID, cookie] = (await client().get('/own')).body;
      expect(id).toMatch(/^[\w-]{20,}$/);
      expect(sessionID).toBe(id);
      expect(cookie).toMatchObject({ path: '/', httpOnly: true, originalMaxAge: null });
    });

    it('does not count as changed by its cookie alone', async () => {
      const { client, calls } = await site(
        session,
        {},
        {
          own: (req) => {
            req.session.cookie.maxAge = 60_000;
            req.session.cookie.domain = 'example.com';
          },
        },
      );
      expect((await client().get('/own')).setCookies).toEqual([]);
      expect(calls).toEqual(NOTHING);
    });

    it('does not count as changed by a property that is taken away again', async () => {
      const { client, calls } = await site(
        session,
        {},
        {
          own: (req) => {
            req.session.n = 1;
            delete req.session.n;
            req.session.nothing = undefined;
          },
        },
      );
      expect((await client().get('/own')).setCookies).toEqual([]);
      expect(calls).toEqual(NOTHING);
    });

    it('counts as changed by an empty object', async () => {
      const { client, calls } = await site(session, {}, { own: (req) => void (req.session.passport = {}) });
      expect((await client().get('/own')).setCookies).toHaveLength(1);
      expect(calls).toEqual(SAVED);
    });

    it.each(both)('regenerated, it is saved and sent (saveUninitialized: %s)', async (saveUninitialized) => {
      const { visitor, rows } = await site(
        session,
        { saveUninitialized },
        { login: (req) => call(req, 'regenerate') },
      );
      const { setCookies, body } = await (await visitor()).get('/login');
      expect(setCookies).toHaveLength(1);
      expect(Object.keys(await rows())).toEqual([body.id]);
    });

    it.each(both)('regenerated while it was blank, it is saved and sent (resave: %s)', async (resave) => {
      const { client, rows } = await site(session, { resave }, { login: (req) => call(req, 'regenerate') });
      const { setCookies, body } = await client().get('/login');
      expect(setCookies).toHaveLength(1);
      expect(Object.keys(await rows())).toEqual([body.id]);
    });

    it.each(both)(
      'regenerated with the data that it had, it is saved and sent (resave: %s)',
      async (resave) => {
        const { visitor, rows } = await site(
          session,
          { resave },
          {
            login: async (req) => {
              const { n } = req.session;
              await call(req, 'regenerate');
              req.session.n = n;
            },
          },
        );
        const client = await visitor();
        const { setCookies, body } = await client.get('/login');
        expect(setCookies).toHaveLength(1);
        expect(await rows()).toEqual({ [body.id]: expect.objectContaining({ n: 1 }) });
        expect((await client.get('/')).body).toMatchObject({ id: body.id, data: { n: 1 } });
      },
    );

    it('each visitor has another one', async () => {
      const { client } = await site(session, { saveUninitialized: true });
      const ids = await Promise.all(
        Array.from({ length: 20 }, async () => (await client().get('/')).body.id as string),
      );
      expect(new Set(ids).size).toBe(20);
    });

    it('each request without its cookie has another one', async () => {
      const { client, rows } = await site(session, { saveUninitialized: true });
      const visitor = client();
      for (let i = 0; i < 3; i++) {
        await visitor.get('/');
        visitor.cookies.clear();
      }
      expect(Object.keys(await rows())).toHaveLength(3);
    });
  });

  describe.each(DROP_IN)('chosen differences (%s)', (_, session) => {
    it.each(both)(
      'a new session whose secure cookie cannot be sent leaves no row (saveUninitialized: %s)',
      async (saveUninitialized) => {
        const { client, rows } = await site(session, { saveUninitialized, cookie: { secure: true } });
        expect((await client().get('/')).setCookies).toEqual([]);
        expect((await client().get('/change')).setCookies).toEqual([]);
        expect(await rows()).toEqual({});
      },
    );
  });
});
