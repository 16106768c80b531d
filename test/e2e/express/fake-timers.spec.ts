import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { PEERS, stopServers } from './support/peers.js';
import { call, databaseStore, freeze, memoryStore, site } from './support/options-helpers.js';

/** An application is set up, and then a test fakes the time: what was imported and made before goes by it. */
describe.each(PEERS)('a clock that is faked later (%s)', (_, session) => {
  afterEach(async () => {
    jest.useRealTimers();
    await stopServers();
  });

  const LATER = '2040-01-01T00:00:00Z';

  it('decides when a cookie ends, in the cookie and in the row', async () => {
    const rows = new Map<string, string>();
    const store = databaseStore(session, rows);
    const { client } = await site(session, { store, cookie: { maxAge: 60_000 } });
    freeze(LATER);
    const { setCookies } = await client().get('/change');
    expect(setCookies).toEqual([expect.stringContaining('Expires=Sun, 01 Jan 2040 00:01:00 GMT')]);
    const [row] = [...rows.values()].map((text) => JSON.parse(text) as { cookie: object });
    expect(row!.cookie).toMatchObject({ expires: '2040-01-01T00:01:00.000Z', originalMaxAge: 60_000 });
  });

  it('decides how long the cookie has still to live', async () => {
    const { client } = await site(
      session,
      { cookie: { maxAge: 60_000 } },
      {
        look: (req, res) => {
          jest.setSystemTime(Date.now() + 20_000);
          res.end(String(req.session.cookie.maxAge));
        },
      },
    );
    freeze(LATER);
    const { text } = await client().get('/look');
    expect(text).toBe('40000');
  });

  it('ends a session in memory', async () => {
    const store = memoryStore(session);
    const { visitor } = await site(session, { store, cookie: { maxAge: 60_000 } });
    freeze(LATER);
    const client = await visitor();
    jest.setSystemTime(Date.parse(LATER) + 61_000);
    expect((await client.get('/')).body.data).not.toHaveProperty('n');
  });

  it('stops nothing, although every timer is faked', async () => {
    const { visitor } = await site(
      session,
      {},
      {
        again: async (req) => {
          await call(req, 'regenerate');
          req.session.n = 5;
          await call(req, 'save');
          await call(req, 'reload');
        },
        end: (req) => call(req, 'destroy'),
      },
    );
    jest.useFakeTimers();
    const client = await visitor();
    expect((await client.get('/again')).body.data).toMatchObject({ n: 5 });
    expect((await client.get('/end')).body.data).toBeNull();
  });
});
