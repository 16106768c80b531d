import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { PEERS, stopServers } from './support/peers.js';
import {
  attributes,
  call,
  freeze,
  idIn,
  memoryStore,
  site,
  type Store,
  tls,
} from './support/options-helpers.js';

describe('rolling', () => {
  beforeEach(() => freeze('2030-01-01T00:00:00Z'));
  afterEach(async () => {
    jest.useRealTimers();
    await stopServers();
  });

  const LATER = new Date('2030-01-01T00:00:30Z');
  const EXPIRES = 'Expires=Tue, 01 Jan 2030 00:01:30 GMT';

  const both = [false, true];

  describe.each(PEERS)('the cookie of a session that exists (%s)', (_, session) => {
    describe.each(both)('rolling: %s', (rolling) => {
      describe.each([null, 60_000])('maxAge: %s', (maxAge) => {
        describe.each(both)('resave: %s', (resave) => {
          describe.each(both)('saveUninitialized: %s', (saveUninitialized) => {
            const options = { rolling, resave, saveUninitialized, cookie: { maxAge } };
            const expected = ['Path=/', ...(maxAge ? [EXPIRES] : []), 'HttpOnly'];
            const unchanged = rolling;
            const changed = rolling || maxAge !== null;

            it(`is ${unchanged ? '' : 'not '}sent again for an unchanged session`, async () => {
              const { visitor } = await site(session, options);
              const client = await visitor();
              jest.setSystemTime(LATER);
              const { setCookies } = await client.get('/');
              expect(setCookies.map(attributes)).toEqual(unchanged ? [expected] : []);
            });

            it(`is ${changed ? '' : 'not '}sent again for a changed session`, async () => {
              const { visitor } = await site(session, options);
              const client = await visitor();
              jest.setSystemTime(LATER);
              const { setCookies } = await client.get('/change');
              expect(setCookies.map(attributes)).toEqual(changed ? [expected] : []);
            });
          });
        });
      });
    });

    it('holds the same id when it is sent again', async () => {
      const { visitor } = await site(session, { rolling: true });
      const client = await visitor();
      const value = client.cookieHeader;
      const { setCookies, body } = await client.get('/');
      expect(idIn(setCookies[0]!)).toBe(body.id);
      expect(setCookies[0]!.startsWith(`${value};`)).toBe(true);
    });

    it('goes on with the row that lives as long', async () => {
      const { visitor, rows } = await site(session, { rolling: true, cookie: { maxAge: 60_000 } });
      const client = await visitor();
      jest.setSystemTime(LATER);
      await client.get('/');
      expect(Object.values(await rows())[0]!.cookie).toMatchObject({
        expires: '2030-01-01T00:01:30.000Z',
        originalMaxAge: 60_000,
      });
    });

    it('that a handler shortened is sent with its own age', async () => {
      const { visitor } = await site(
        session,
        { rolling: true, cookie: { maxAge: 3_600_000 } },
        { brief: (req) => void (req.session.cookie.maxAge = 60_000) },
      );
      const client = await visitor();
      jest.setSystemTime(LATER);
      expect(attributes((await client.get('/brief')).setCookies[0])).toContain(EXPIRES);
      expect(attributes((await client.get('/')).setCookies[0])).toContain(EXPIRES);
    });

    it('is sent again without touch in the store', async () => {
      const store: Store = Object.assign(memoryStore(session), { touch: undefined });
      const { visitor } = await site(session, { rolling: true, store });
      expect((await (await visitor()).get('/')).setCookies).toHaveLength(1);
    });

    it.each<[string, (req: never) => unknown]>([
      ['destroyed', (req) => call(req, 'destroy')],
      ['set to null', (req: { session: unknown }) => void (req.session = null)],
    ])('is not sent again for a session that is %s', async (_case, end) => {
      const { visitor } = await site(session, { rolling: true }, { end: (req) => end(req as never) });
      expect((await (await visitor()).get('/end')).setCookies).toEqual([]);
    });

    it('is not sent again over a plain connection when it is secure', async () => {
      const { visitor, client, rows } = await site(
        session,
        { rolling: true, cookie: { secure: true } },
        {},
        tls,
      );
      expect(visitor).toBeDefined();
      const encrypted = client();
      encrypted.headers['x-tls'] = '1';
      expect((await encrypted.get('/change')).setCookies).toHaveLength(1);
      const plain = encrypted.copy();
      plain.headers['x-tls'] = '0';
      expect(await plain.get('/change')).toMatchObject({ setCookies: [], body: { data: { n: 2 } } });
      expect(Object.values(await rows())[0]!.n).toBe(2);
    });
  });

  describe.each(PEERS)('rolling and a new session (%s)', (_, session) => {
    it.each(both)('the cookie comes with saveUninitialized only (%s)', async (saveUninitialized) => {
      const { client } = await site(session, { rolling: true, saveUninitialized });
      expect((await client().get('/')).setCookies).toHaveLength(saveUninitialized ? 1 : 0);
    });

    it('the cookie comes once for a changed one', async () => {
      const { client } = await site(session, { rolling: true });
      expect((await client().get('/change')).setCookies).toHaveLength(1);
    });

    it('the cookie does not come for an unchanged one in place of one that expired', async () => {
      const { visitor } = await site(session, { rolling: true, cookie: { maxAge: 20_000 } });
      const client = await visitor();
      jest.setSystemTime(LATER);
      expect((await client.get('/')).setCookies).toEqual([]);
    });
  });
});
