import { afterEach, describe, expect, it } from '@jest/globals';
import { sign } from 'cookie-signature';
import { PEERS, stopServers } from './support/peers.js';
import { cookieFor, DROP_IN, raw, signed, site } from './support/options-helpers.js';

describe('cookie header', () => {
  afterEach(stopServers);

  const BOGUS = `s:${sign('unknown', 'another secret')}`;

  describe.each(PEERS)('the Cookie header (%s)', (_, session) => {
    /** A session with `n: 1`: its id, its cookie as text, and how to ask for it. */
    async function known(options: object = {}) {
      const { visitor, base, rows } = await site(session, options);
      const client = await visitor();
      const value = signed(client.cookieHeader);
      const ask = async (cookie: string | string[], path = '/') => {
        const { text, ...answer } = await raw(base, path, { cookie });
        return { ...answer, ...(JSON.parse(text) as { id: string; data: { n?: number } }) };
      };
      return { id: value.slice(2).split('.')[0]!, value, cookie: client.cookieHeader, ask, rows };
    }

    it.each([
      ['encoded', (value: string) => `connect.sid=${encodeURIComponent(value)}`],
      ['not encoded', (value: string) => `connect.sid=${value}`],
      ['in quotes', (value: string) => `connect.sid="${value}"`],
      ['between other cookies', (value: string) => `a=1; connect.sid=${value}; b=2`],
      ['without spaces between cookies', (value: string) => `a=1;connect.sid=${value};b=2`],
      ['with spaces around it', (value: string) => `a=1;  connect.sid =  ${value}  ; b=2`],
      ['after a cookie without a value', (value: string) => `flag; =x; connect.sid=${value}`],
      ['after a cookie that cannot be decoded', (value: string) => `a=%E0%A4%A; connect.sid=${value}`],
      ['before a second one of its name', (value: string) => `connect.sid=${value}; connect.sid=${BOGUS}`],
    ])('a session cookie is found %s', async (_case, header) => {
      const { ask, value, id } = await known();
      expect(await ask(header(value))).toMatchObject({ status: 200, id, data: { n: 1 }, setCookies: [] });
    });

    it('of two session cookies that are both good the first counts', async () => {
      const { visitor, client } = await site(session);
      const [one, two] = [await visitor(), await visitor()];
      const both = client();
      both.headers.cookie = `${two.cookieHeader}; ${one.cookieHeader}`;
      expect((await both.get('/')).body.id).toBe((await two.get('/')).body.id);
    });

    it('a session cookie is found in the second of two headers', async () => {
      const { ask, value, id } = await known();
      expect(await ask(['a=1', `connect.sid=${value}`])).toMatchObject({ id, data: { n: 1 } });
    });

    it.each([
      ['empty', () => 'connect.sid='],
      ['only a name', () => 'connect.sid'],
      ['only s:', () => 'connect.sid=s%3A'],
      ['only a dot', () => 'connect.sid=s%3A.'],
      ['an id that is not signed', ({ id }) => `connect.sid=${id}`],
      ['an id without a signature', ({ id }) => `connect.sid=s%3A${id}`],
      ['an id with an empty signature', ({ id }) => `connect.sid=s%3A${id}.`],
      ['a signature without s:', ({ value }) => `connect.sid=${encodeURIComponent(value.slice(2))}`],
      [
        'a signature in the wrong case',
        ({ value }) => `connect.sid=S%3A${encodeURIComponent(value.slice(2))}`,
      ],
      ['a signature that is cut', ({ value }) => `connect.sid=${encodeURIComponent(value.slice(0, -1))}`],
      ['a signature that goes on', ({ value }) => `connect.sid=${encodeURIComponent(`${value}=`)}`],
      ['a signature of somebody else', ({ id }) => cookieFor(id, 'another secret')],
      ['a changed id', ({ value }) => `connect.sid=${encodeURIComponent(value.replace('s:', 's:x'))}`],
      ['an empty id that is signed', () => cookieFor('')],
      ['escapes that cannot be decoded', () => 'connect.sid=%E0%A4%A'],
      ['control characters', () => 'connect.sid=s%3A%00%0D%0A.%00'],
      ['bytes that are no text', () => 'connect.sid=s:\xff\xfe.\x80'],
      ['very long', () => `connect.sid=s%3A${'x'.repeat(10_000)}.${'y'.repeat(2_000)}`],
      ['another name', ({ value }) => `connect-sid=${value}`],
      ['another case of the name', ({ value }) => `Connect.Sid=${value}`],
      ['not there at all', () => ''],
    ] as [string, (it: { id: string; value: string }) => string][])(
      'a cookie that is %s gives a new session, not an error',
      async (_case, header) => {
        const { ask, rows, ...own } = await known();
        const { id, data, status, setCookies } = await ask(header(own), '/change');
        expect({ status, data }).toMatchObject({ status: 200, data: { n: 1 } });
        expect(id).not.toBe(own.id);
        expect(setCookies).toHaveLength(1);
        expect(Object.keys(await rows()).sort()).toEqual([own.id, id].sort());
      },
    );

    it.each(['unknown', '__proto__', 'constructor', 'toString', '../../etc/passwd', 'a.b', ' ', 'ü'])(
      'a signed id without a row (%j) is never taken over',
      async (stranger) => {
        const { ask, rows } = await known();
        const { id, setCookies, status } = await ask(cookieFor(stranger), '/change');
        expect(status).toBe(200);
        expect(id).not.toBe(stranger);
        expect(setCookies).toHaveLength(1);
        expect(Object.keys(await rows())).not.toContain(stranger);
      },
    );

    it('only the cookie of the configured name counts', async () => {
      const { ask, value } = await known({ name: 'sid' });
      expect((await ask(`connect.sid=${value}`)).data.n).toBeUndefined();
      expect((await ask(`sid=${value}`)).data.n).toBe(1);
    });

    it.each(['GET', 'POST', 'DELETE', 'OPTIONS'])('a session is read for %s', async (method) => {
      const { visitor } = await site(session);
      expect((await (await visitor()).request(method, '/')).body.data.n).toBe(1);
    });

    it('a session is kept by HEAD', async () => {
      const { client } = await site(session);
      const visitor = client();
      expect((await visitor.request('HEAD', '/change')).setCookies).toHaveLength(1);
      expect((await visitor.get('/')).body.data.n).toBe(1);
    });
  });

  describe.each(PEERS)('the Set-Cookie header (%s)', (_, session) => {
    const OWN = expect.stringMatching(/^connect\.sid=s%3A/);

    it.each([
      ['one cookie', 'a=1', ['a=1', OWN]],
      ['several cookies', ['a=1; Path=/', 'b=2'], ['a=1; Path=/', 'b=2', OWN]],
      ['an empty list', [], [OWN]],
    ])('%s of the application stays', async (_case, header, expected) => {
      const { client } = await site(
        session,
        { saveUninitialized: true },
        { own: (_req, res) => res.setHeader('Set-Cookie', header) },
      );
      expect((await client().get('/own')).setCookies).toEqual(expected);
    });

    it('a cookie given to writeHead stays', async () => {
      const { client } = await site(
        session,
        { saveUninitialized: true },
        { own: (_req, res) => res.writeHead(201, { 'Set-Cookie': 'a=1' }).end('done') },
      );
      expect(await client().get('/own')).toMatchObject({
        status: 201,
        text: 'done',
        setCookies: ['a=1', OWN],
      });
    });

    it('cookies given to writeHead as a list stay', async () => {
      const { client } = await site(
        session,
        { saveUninitialized: true },
        { own: (_req, res) => res.writeHead(200, 'Fine', ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2']).end() },
      );
      expect((await client().get('/own')).setCookies).toEqual(['a=1', 'b=2', OWN]);
    });

    it('a cookie set by an earlier middleware stays', async () => {
      const { client } = await site(
        session,
        { saveUninitialized: true },
        {},
        (_req, res) => void res.setHeader('set-cookie', 'early=1'),
      );
      expect((await client().get('/')).setCookies).toEqual(['early=1', OWN]);
    });

    it('a redirect carries the cookie', async () => {
      const { client } = await site(
        session,
        { saveUninitialized: true },
        { go: (_req, res) => res.writeHead(302, { Location: '/' }).end() },
      );
      expect(await client().get('/go')).toMatchObject({ status: 302, setCookies: [OWN] });
    });

    it.each([204, 304, 404, 500])('a response with status %d carries the cookie', async (status) => {
      const { client } = await site(
        session,
        { saveUninitialized: true },
        { answer: (_req, res) => res.writeHead(status).end() },
      );
      expect(await client().get('/answer')).toMatchObject({ status, setCookies: [OWN] });
    });

    it('the cookie is not sent again for a change of the session', async () => {
      const { visitor } = await site(session);
      const client = await visitor();
      expect((await client.get('/change')).setCookies).toEqual([]);
    });
  });

  describe.each(DROP_IN)('chosen differences (%s)', (_, session) => {
    it('a good cookie is found behind a bad one of its name, as another path or domain may have set', async () => {
      const { visitor, client } = await site(session);
      const both = client();
      both.headers.cookie = `connect.sid=${BOGUS}; ${(await visitor()).cookieHeader}`;
      expect((await both.get('/')).body.data.n).toBe(1);
    });
  });
});
