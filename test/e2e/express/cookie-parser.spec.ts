import { afterEach, describe, expect, it } from '@jest/globals';
import cookieParser from 'cookie-parser';
import { PEERS, type Req, stopServers } from './support/peers.js';
import { cookieFor, DROP_IN, memoryStore, SECRET, signed, site } from './support/options-helpers.js';

describe('cookie parser', () => {
  afterEach(stopServers);

  type Before = NonNullable<Parameters<typeof site>[3]>;

  describe.each(PEERS)('behind cookie-parser (%s)', (_, session) => {
    const parser = (secret?: string): Before => {
      const parse = cookieParser(secret);
      return (req, res) => parse(req as never, res as never, () => undefined);
    };

    /** The same, after which the Cookie header is taken away. */
    const parserAlone =
      (secret?: string): Before =>
      (req, res) => {
        parser(secret)(req, res);
        delete req.headers.cookie;
      };

    /** Asks with the cookie of a session with `n: 1` what an application with `before` makes of it. */
    async function seenBehind(before: Before, cookie?: (own: { id: string; cookie: string }) => string) {
      const store = memoryStore(session);
      const known = await (await site(session, { store })).visitor();
      const id = signed(known.cookieHeader).slice(2).split('.')[0]!;
      const { client } = await site(session, { store }, {}, before);
      const visitor = client();
      visitor.headers.cookie = cookie?.({ id, cookie: known.cookieHeader }) ?? known.cookieHeader;
      const answer = await visitor.get('/');
      expect(answer.status).toBe(200);
      return answer.body.id === id && answer.body.data.n === 1;
    }

    it.each([
      ['with the same secret', SECRET],
      ['with another secret', 'another'],
      ['without a secret', undefined],
    ])('%s, the Cookie header is read', async (_case, secret) => {
      expect(await seenBehind(parser(secret))).toBe(true);
    });

    it('a session begins and goes on', async () => {
      const { client } = await site(session, {}, {}, parser(SECRET));
      const visitor = client();
      expect((await visitor.get('/change')).setCookies).toHaveLength(1);
      expect((await visitor.get('/change')).body.data.n).toBe(2);
    });

    describe('without the Cookie header', () => {
      it('req.signedCookies is believed', async () => {
        expect(await seenBehind(parserAlone(SECRET))).toBe(true);
      });

      it('a signed cookie in req.cookies is read', async () => {
        expect(await seenBehind(parserAlone())).toBe(true);
      });

      it.each([
        ['unsigned', SECRET, ({ id }: { id: string }) => `connect.sid=${id}`],
        ['unsigned', undefined, ({ id }: { id: string }) => `connect.sid=${id}`],
        ['signed by somebody else', SECRET, ({ id }: { id: string }) => cookieFor(id, 'another')],
        ['signed by somebody else', undefined, ({ id }: { id: string }) => cookieFor(id, 'another')],
        ['cut', SECRET, ({ cookie }: { cookie: string }) => cookie.slice(0, -1)],
        ['cut', undefined, ({ cookie }: { cookie: string }) => cookie.slice(0, -1)],
        ['empty', undefined, () => 'connect.sid='],
        [
          'of another name',
          undefined,
          ({ cookie }: { cookie: string }) => cookie.replace('connect.sid', 'other'),
        ],
      ])(
        'a cookie that is %s is refused (cookie-parser has the secret %s)',
        async (_case, secret, cookie) => {
          expect(await seenBehind(parserAlone(secret), cookie)).toBe(false);
        },
      );

      it('a cookie of another secret than the parser has is refused', async () => {
        expect(await seenBehind(parserAlone('another'))).toBe(false);
      });
    });

    it('the Cookie header counts more than req.signedCookies', async () => {
      const before = (req: Req): void => void (req.signedCookies = { 'connect.sid': 'somebody else' });
      expect(await seenBehind(before)).toBe(true);
    });

    it('the Cookie header counts more than req.cookies', async () => {
      const before = (req: Req): void => void (req.cookies = { 'connect.sid': 's:somebody else.x' });
      expect(await seenBehind(before)).toBe(true);
    });

    it('req.signedCookies is believed when the cookie of the header is refused', async () => {
      const before = (req: Req): void => {
        req.signedCookies = { 'connect.sid': req.headers.cookie!.split('=')[1]! };
      };
      expect(await seenBehind(before, ({ id }) => `connect.sid=${id}`)).toBe(true);
    });

    it('a session that req.signedCookies names is read under the configured name', async () => {
      const { client } = await site(session, { name: 'sid' }, {}, parserAlone(SECRET));
      const visitor = client();
      await visitor.get('/change');
      expect((await visitor.get('/')).body.data.n).toBe(1);
    });
  });

  describe.each(DROP_IN)('chosen differences (%s)', (_, session) => {
    it.each(['j:{"a":1}', 'j:[1]', 'j:5', 'j:"text"'])(
      'a JSON cookie (%s) is a bad cookie, not an error',
      async (value) => {
        const parse = cookieParser(SECRET);
        const { client } = await site(session, {}, {}, (req, res) => {
          parse(req as never, res as never, () => undefined);
        });
        const visitor = client();
        visitor.headers.cookie = `connect.sid=${encodeURIComponent(value)}`;
        expect((await visitor.get('/change')).status).toBe(200);
      },
    );
  });
});
