import { afterEach, describe, expect, it } from '@jest/globals';
import { PEERS, type Req, stopServers } from './support/peers.js';
import { call, cookieFor, DROP_IN, idIn, signed, site } from './support/options-helpers.js';

describe('genid', () => {
  afterEach(stopServers);

  describe.each(PEERS)('genid (%s)', (_, session) => {
    it('makes the id of the session, of its row and of its cookie', async () => {
      const { client, rows } = await site(
        session,
        { genid: () => 'my-id' },
        {
          ids: (req, res) => {
            req.session.n = 1;
            res.end(JSON.stringify([req.sessionID, req.session.id]));
          },
        },
      );
      const { body, setCookies } = await client().get('/ids');
      expect(body).toEqual(['my-id', 'my-id']);
      expect(idIn(setCookies[0]!)).toBe('my-id');
      expect(Object.keys(await rows())).toEqual(['my-id']);
    });

    it('is given the request', async () => {
      const { client } = await site(session, {
        genid: (req: Req) => `for-${req.headers['x-user'] as string}`,
      });
      const visitor = client();
      visitor.headers['x-user'] = 'ann';
      expect((await visitor.get('/change')).body.id).toBe('for-ann');
    });

    it.each([
      '%',
      '50%',
      'a b',
      'a;b',
      'a,b',
      '"quoted"',
      'a=b',
      'a.b.c',
      's:a',
      '100%25',
      'ü',
      '火',
      'a+b/c',
    ])('an id that a cookie cannot hold as it is (%j) comes back', async (id) => {
      const { client } = await site(session, { genid: () => id });
      const visitor = client();
      const { setCookies } = await visitor.get('/change');
      expect(setCookies[0]!.split(';')[0]).toMatch(/^connect\.sid=[\w%.~!*'()-]+$/);
      expect(idIn(setCookies[0]!)).toBe(id);
      expect((await visitor.get('/')).body).toMatchObject({ id, data: { n: 1 } });
    });

    it('is called once for a new session and not for one that exists', async () => {
      let called = 0;
      const { visitor } = await site(session, { genid: () => `id-${++called}` });
      const client = await visitor();
      expect(called).toBe(1);
      await client.get('/change');
      expect(called).toBe(1);
    });

    it('is called for a session that is regenerated', async () => {
      let called = 0;
      const { visitor } = await site(
        session,
        { genid: () => `id-${++called}` },
        { login: (req) => call(req, 'regenerate') },
      );
      const { body, setCookies } = await (await visitor()).get('/login');
      expect(body.id).toBe('id-2');
      expect(signed(setCookies[0]!)).toMatch(/^s:id-2\./);
    });

    it('is called in place of an id without a row', async () => {
      const { client } = await site(session, { genid: () => 'my-id' });
      const visitor = client();
      visitor.headers.cookie = cookieFor('unknown');
      expect((await visitor.get('/')).body.id).toBe('my-id');
    });

    it.each([
      ['a new visitor', undefined],
      ['a visitor without a row', cookieFor('unknown')],
    ])('an error that it throws fails the request of %s', async (_case, cookie) => {
      const { client } = await site(session, {
        genid: () => {
          throw new Error('out of ids');
        },
      });
      const visitor = client();
      if (cookie) visitor.headers.cookie = cookie;
      expect(await visitor.get('/')).toMatchObject({ status: 500, text: 'out of ids', setCookies: [] });
    });
  });

  describe.each(DROP_IN)('chosen differences (%s)', (_, session) => {
    it.each([undefined, null, 5, {}, Promise.resolve('id')])(
      'genid that returns %p instead of a string is an error passed to next',
      async (id) => {
        const { client, errors, rows } = await site(session, { genid: () => id });
        expect(await client().get('/change')).toMatchObject({ status: 500, setCookies: [] });
        expect(errors).toEqual([expect.any(Error)]);
        expect(await rows()).toEqual({});
      },
    );
  });
});
