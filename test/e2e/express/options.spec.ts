import { afterEach, describe, expect, it } from '@jest/globals';
import { PEERS, serve, stopServers } from './support/peers.js';
import { call, DROP_IN, failureOf, middleware, SECRET, site, until } from './support/options-helpers.js';

describe('options', () => {
  afterEach(stopServers);

  const BAD_COOKIES: [cookie: unknown, message: string][] = [
    ['text', 'argument options must be a object'],
    [5, 'argument options must be a object'],
    [{ maxAge: '5000' }, 'maxAge must be a number or Date'],
  ];

  describe.each(PEERS)('options (%s)', (_, session) => {
    it.each([
      ['connect.sid by default', {}, 'connect.sid'],
      ['as `name` says', { name: 'sid' }, 'sid'],
      ['as the old `key` says', { key: 'old' }, 'old'],
      ['as `name` says where both are given', { key: 'old', name: 'new' }, 'new'],
      ['connect.sid for an empty name', { name: '' }, 'connect.sid'],
    ])('the cookie is named %s', async (_case, options, name) => {
      const { client } = await site(session, options);
      const visitor = client();
      const { setCookies } = await visitor.get('/change');
      expect(setCookies).toEqual([expect.stringMatching(`^${name}=s%3A`)]);
      expect((await visitor.get('/')).body.data.n).toBe(1);
    });

    it.each([
      ['genid', 'text', 'genid option must be a function'],
      ['genid', {}, 'genid option must be a function'],
      ['unset', 'drop', 'unset option must be "destroy" or "keep"'],
      ['unset', true, 'unset option must be "destroy" or "keep"'],
      ['secret', [], 'secret option array must contain one or more strings'],
    ])('throws at once for %s: %j', (name, value, message) => {
      expect(() => middleware(session, { secret: SECRET, [name]: value })).toThrow(new TypeError(message));
    });

    it.each(BAD_COOKIES)('fails a request that begins a session with cookie: %j', async (cookie, message) => {
      const run = middleware(session, { secret: SECRET, resave: false, saveUninitialized: true, cookie });
      expect(await failureOf(run)).toEqual(new TypeError(message));
    });

    it('passes a cookie name that cannot be sent to next as an error', async () => {
      const { client, errors } = await site(session, { name: 'my cookie' });
      expect((await client().get('/change')).setCookies).toEqual([]);
      await until(() => errors.length > 0);
      expect(errors).toEqual([expect.objectContaining({ name: 'TypeError' })]);
      expect(String(errors[0])).toMatch(/argument name is invalid/);
    });

    it.each([['none'], [undefined], [null]])('takes %s for no options at all', (options) => {
      expect(() => (options === 'none' ? middleware(session) : middleware(session, options))).not.toThrow();
    });

    it('takes settings that are empty for settings that are not given', async () => {
      const empty = { genid: null, unset: '', cookie: null, store: null, name: null, proxy: null };
      const options: object = { secret: SECRET, resave: false, saveUninitialized: true, ...empty };
      const served = await serve(session, options, (_req, res) => res.end());
      expect((await served.client().get('/')).setCookies).toEqual([
        expect.stringMatching(/^connect\.sid=[^;]+; Path=\/; HttpOnly$/),
      ]);
    });

    it.each([{}, { resave: undefined, saveUninitialized: undefined }])(
      'saves a new session and an unchanged one where it is not told otherwise: %j',
      async (options) => {
        const { client, calls, rows } = await site(session, {
          resave: undefined,
          saveUninitialized: undefined,
          ...options,
        });
        const visitor = client();
        expect((await visitor.get('/')).setCookies).toHaveLength(1);
        expect(Object.keys(await rows())).toHaveLength(1);
        await visitor.get('/');
        expect(calls).toEqual({ set: 2, touch: 0, destroy: 0 });
      },
    );

    it.each([null, 0, ''])('takes %j for false in resave and saveUninitialized', async (value) => {
      const { client, calls, visitor } = await site(session, { resave: value, saveUninitialized: value });
      expect((await client().get('/')).setCookies).toEqual([]);
      await (await visitor()).get('/');
      expect(calls).toEqual({ set: 0, touch: 1, destroy: 0 });
    });

    it('does not write to its options', async () => {
      const options = { cookie: Object.freeze({ maxAge: 5000, path: '/' }), secret: Object.freeze([SECRET]) };
      const { client } = await site(session, Object.freeze(options));
      const visitor = client();
      await visitor.get('/change');
      expect((await visitor.get('/')).body.data.n).toBe(1);
    });

    it('has a store of its own by default', async () => {
      const options = { secret: SECRET, resave: false, saveUninitialized: false };
      const served = () =>
        serve(session, options, (req, res) => {
          req.session.n = (req.session.n ?? 0) + 1;
          res.end(String(req.session.n));
        });
      const visitor = (await served()).client();
      await visitor.get('/');
      expect((await visitor.get('/')).text).toBe('2');
      const elsewhere = (await served()).client();
      elsewhere.headers.cookie = visitor.cookieHeader;
      expect((await elsewhere.get('/')).text).toBe('1');
    });

    it('shows its store to the handler', async () => {
      let seen: unknown;
      const { client, store } = await site(session, {}, { see: (req) => void (seen = req.sessionStore) });
      await client().get('/see');
      expect(seen).toBe(store);
    });
  });

  describe.each(DROP_IN)('chosen differences (%s)', (_, session) => {
    it.each(BAD_COOKIES)('a request that fails for cookie: %j is answered', async (cookie, message) => {
      const { client } = await site(session, { cookie });
      expect(await client().get('/')).toMatchObject({ status: 500, text: message });
    });

    it.each(['save', 'reload', 'regenerate', 'destroy'] as const)(
      'session.%s() without a callback returns a promise',
      async (method) => {
        let returned: unknown;
        const { visitor } = await site(
          session,
          {},
          {
            call: async (req) => {
              returned = (req.session as Record<string, () => unknown>)[method]!();
              await returned;
            },
          },
        );
        expect((await (await visitor()).get('/call')).status).toBe(200);
        expect(returned).toBeInstanceOf(Promise);
      },
    );

    it('session.save() without a callback rejects with the error of the store', async () => {
      const { visitor, store } = await site(
        session,
        {},
        {
          caught: async (req, res) => {
            await (req.session as { save(): Promise<void> })
              .save()
              .catch((error: Error) => res.end(error.message));
          },
        },
      );
      const client = await visitor();
      store.set = (_id, _session, callback) => callback?.(new Error('read-only'));
      expect((await client.get('/caught')).text).toBe('read-only');
    });

    it('session.reload() of a session that is gone rejects', async () => {
      const { visitor } = await site(
        session,
        {},
        {
          caught: async (req, res) => {
            const own = req.session as { reload(): Promise<void> };
            await call(req, 'destroy');
            await own.reload().catch((error: Error) => res.end(error.message));
          },
        },
      );
      expect((await (await visitor()).get('/caught')).text).toBe('failed to load session');
    });
  });
});
