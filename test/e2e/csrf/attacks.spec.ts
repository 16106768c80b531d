import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { BACKENDS, type Backend } from '../../support/site.js';
import { type Bank, openBank, type Sent, type Visitor } from './support/bank.js';

const EVIL = 'https://evil.example';
const PARTNER = 'https://partner.example';

let backend: Backend;
let bank: Bank;
let victim: Visitor;

describe('attacks', () => {
  beforeAll(async () => {
    backend = await BACKENDS.memory();
    bank = await openBank(backend, { csrf: { trustedOrigins: [PARTNER] } });
  });

  afterAll(async () => {
    await bank.close();
    await backend.close();
  });

  beforeEach(async () => {
    victim = bank.visitor();
    expect((await victim.post('/login')).status).toBe(201);
  });

  /** What an attack needs to know of the victim, the bank and the attacker's own session there. */
  interface Loot {
    readonly own: string;
    readonly stolen: string;
  }

  type Attack = (loot: Loot) => Sent & { readonly method?: string; readonly path?: string };

  describe('attacks on somebody who is signed in', () => {
    it.each<[string, string, Attack]>([
      [
        'a form of another site',
        'CSRF_REFUSED',
        () => ({ headers: { 'sec-fetch-site': 'cross-site', origin: EVIL } }),
      ],
      [
        'a form of a sibling subdomain',
        'CSRF_REFUSED',
        () => ({ headers: { 'sec-fetch-site': 'same-site', origin: 'http://blog.127.0.0.1' } }),
      ],
      [
        'a form in a sandboxed frame',
        'CSRF_REFUSED',
        () => ({ headers: { 'sec-fetch-site': 'cross-site', origin: 'null' } }),
      ],
      [
        'a form in a sandboxed frame of an old browser',
        'CSRF_TOKEN_REQUIRED',
        () => ({ headers: { origin: 'null' } }),
      ],
      ['a form in an old browser', 'CSRF_REFUSED', () => ({ headers: { origin: EVIL } })],
      [
        'another port of the host, in an old browser',
        'CSRF_REFUSED',
        () => ({ headers: { origin: 'http://127.0.0.1:1' } }),
      ],
      ['a form whose browser says nothing', 'CSRF_TOKEN_REQUIRED', () => ({})],
      [
        'a Referer that says otherwise',
        'CSRF_TOKEN_REQUIRED',
        () => ({ headers: { referer: victim.origin } }),
      ],
      [
        'an origin that is named in the address',
        'CSRF_REFUSED',
        () => ({ path: `/transfer?origin=${victim.origin}`, headers: { origin: EVIL } }),
      ],
      [
        'a Host that a proxy is said to have seen',
        'CSRF_REFUSED',
        () => ({ headers: { origin: EVIL, 'x-forwarded-host': 'evil.example' } }),
      ],
      [
        'a page near a trusted one',
        'CSRF_REFUSED',
        () => ({ headers: { origin: `${PARTNER}.evil.example` } }),
      ],
      [
        'a stolen token in the field, from another site',
        'CSRF_REFUSED',
        ({ stolen }) => ({
          headers: { 'sec-fetch-site': 'cross-site', origin: EVIL },
          form: { _csrf: stolen },
        }),
      ],
      [
        'a stolen token, from another site, in an old browser',
        'CSRF_REFUSED',
        ({ stolen }) => ({ headers: { origin: EVIL, 'x-csrf-token': stolen } }),
      ],
      [
        'a stolen token in the address',
        'CSRF_TOKEN_REQUIRED',
        ({ stolen }) => ({ path: `/transfer?_csrf=${stolen}` }),
      ],
      [
        'a token of the attacker’s own session, in the field',
        'CSRF_TOKEN_REQUIRED',
        ({ own }) => ({ form: { _csrf: own } }),
      ],
      [
        'a token of the attacker’s own session, in the header',
        'CSRF_TOKEN_REQUIRED',
        ({ own }) => ({ headers: { 'x-csrf-token': own } }),
      ],
      [
        'two headers in one',
        'CSRF_TOKEN_REQUIRED',
        ({ stolen, own }) => ({ headers: { 'x-csrf-token': `${own}, ${stolen}` } }),
      ],
      [
        'a header that outranks the field',
        'CSRF_TOKEN_REQUIRED',
        ({ stolen, own }) => ({ headers: { 'x-csrf-token': own }, form: { _csrf: stolen } }),
      ],
      [
        'a link that is made a POST',
        'CSRF_REFUSED',
        () => ({
          method: 'GET',
          path: '/anything?_method=POST',
          headers: { 'sec-fetch-site': 'cross-site' },
        }),
      ],
      [
        'a link that is made a DELETE, in an old browser',
        'CSRF_TOKEN_REQUIRED',
        () => ({ method: 'GET', path: '/anything?_method=DELETE' }),
      ],
      [
        'a form that is made a PUT',
        'CSRF_REFUSED',
        () => ({ path: '/anything?_method=PUT', headers: { origin: EVIL } }),
      ],
    ])('%s: %s', async (_, code, attack) => {
      const own = await bank.visitor().token();
      const stolen = await victim.token();
      const { method = 'POST', path = '/transfer', ...sent } = attack({ own, stolen });
      const { status, body } = await victim.send(method, path, sent);
      expect([status, (body as { code: string }).code]).toEqual([403, code]);
      for (const secret of [own, stolen, victim.cookie!]) expect(JSON.stringify(body)).not.toContain(secret);
      expect(await victim.transfers()).toBe(0);
    });

    it('a form that is made a GET does not reach what a POST does', async () => {
      const { status } = await victim.send('POST', '/transfer?_method=GET', {
        headers: { 'sec-fetch-site': 'cross-site' },
      });
      expect(status).toBe(404);
      expect(await victim.transfers()).toBe(0);
    });

    it('a token from before the login, which the attacker may know (session fixation)', async () => {
      const visitor = bank.visitor();
      const before = await visitor.token();
      expect(await visitor.tokenIs(before)).toBe('good');
      await visitor.post('/login');
      expect(await visitor.tokenIs(before)).toBe('bad');
    });
  });

  describe('attacks with bodies and tokens of every kind', () => {
    const garbage = [
      '',
      'x',
      'A'.repeat(85),
      'A'.repeat(86),
      'A'.repeat(87),
      'A'.repeat(90_000),
      '\0'.repeat(86),
      'ü'.repeat(86),
      '../'.repeat(30),
      '__proto__',
    ];

    it('are refused, without a fault', async () => {
      const token = await victim.token();
      const bodies: unknown[] = [
        ...garbage.map((text) => ({ _csrf: text })),
        { _csrf: [token] },
        { _csrf: { value: token } },
        { _csrf: null },
        { _csrf: 5 },
        { nested: { _csrf: token } },
        [{ _csrf: token }],
        [token],
        JSON.parse(`{"__proto__":{"_csrf":"${token}"}}`),
        JSON.parse(`{"constructor":{"prototype":{"_csrf":"${token}"}}}`),
        { _CSRF: token },
        { hasOwnProperty: 1, toString: 2 },
      ];
      for (const json of bodies) {
        const { status } = await victim.send('POST', '/transfer', { json });
        expect([status, JSON.stringify(json).slice(0, 100)]).toEqual([
          403,
          JSON.stringify(json).slice(0, 100),
        ]);
      }
      for (const form of ['_csrf[]', '_csrf[value]', '__proto__[_csrf]', 'a[_csrf]'])
        expect((await victim.send('POST', '/transfer', { form: { [form]: token } })).status).toBe(403);
      expect(await victim.transfers()).toBe(0);
      expect(await victim.tokenIs(token)).toBe('good'); // it was good all along
    });

    it('cost the store no look where the token cannot be one', async () => {
      const lazy = await openBank(backend, { load: 'lazy' });
      const visitor = victim.at(lazy);
      for (const text of garbage.filter((text) => text.length !== 86))
        expect((await visitor.send('POST', '/transfer', { json: { _csrf: text } })).status).toBe(403);
      expect(lazy.spy.count()).toBe(0);
      await lazy.close();
    });
  });

  describe('login CSRF', () => {
    it.each<[string, Record<string, string>]>([
      ['another site', { 'sec-fetch-site': 'cross-site', origin: EVIL }],
      ['an old browser', { origin: EVIL }],
      ['a sandboxed frame of an old browser', { origin: 'null' }],
    ])('from %s signs nobody in: the browser sends no cookie, and gets none', async (_, headers) => {
      bank.spy.reset();
      const { status, setCookies } = await bank.visitor().send('POST', '/login', { headers });
      expect([status, setCookies]).toEqual([403, []]);
      expect(bank.spy.count()).toBe(0);
    });
  });

  describe('what is no attack', () => {
    it.each<[string, () => Sent | Promise<Sent>]>([
      ['a form of the bank', () => ({ headers: { 'sec-fetch-site': 'same-origin', origin: victim.origin } })],
      [
        'a form of the bank, under Referrer-Policy: no-referrer',
        () => ({ headers: { 'sec-fetch-site': 'same-origin', origin: 'null' } }),
      ],
      ['what the user sends again', () => ({ headers: { 'sec-fetch-site': 'none' } })],
      ['a form of the bank, in an old browser', () => ({ headers: { origin: victim.origin } })],
      ['a page of a partner', () => ({ headers: { 'sec-fetch-site': 'cross-site', origin: PARTNER } })],
      ['a page of a partner, in an old browser', () => ({ headers: { origin: PARTNER } })],
      ['a form with a token', async () => ({ form: { _csrf: await victim.token() } })],
      ['JSON with a token', async () => ({ json: { _csrf: await victim.token() } })],
      ['a script with a token', async () => ({ headers: { 'x-csrf-token': await victim.token() } })],
      [
        'a token where the origin is kept secret',
        async () => ({ headers: { origin: 'null' }, form: { _csrf: await victim.token() } }),
      ],
    ])('%s', async (_, sent) => {
      expect((await victim.send('POST', '/transfer', await sent())).status).toBe(201);
      expect(await victim.transfers()).toBe(1);
    });

    it('links from anywhere', async () => {
      const { status } = await victim.send('GET', '/data', { headers: { 'sec-fetch-site': 'cross-site' } });
      expect(status).toBe(200);
    });

    it('a program that has no cookie', async () => {
      const { status } = await bank
        .visitor()
        .send('POST', '/transfer', { headers: { authorization: 'Bearer x' } });
      expect(status).toBe(201);
    });

    it.each(['Basic YWRhOng=', 'negotiate x', 'Digest username="ada"'])(
      'but not one whose password a browser may have added: %s',
      async (authorization) => {
        const { status, body } = await bank
          .visitor()
          .send('POST', '/transfer', { headers: { authorization } });
        expect([status, body.code]).toEqual([403, 'CSRF_TOKEN_REQUIRED']);
      },
    );

    it.each(['/webhook', '/hooks/paid'])('%s, which skips the guard', async (path) => {
      const sent = { headers: { 'sec-fetch-site': 'cross-site', origin: EVIL } };
      expect(await victim.send('POST', path, sent)).toMatchObject({ status: 201, body: { received: true } });
    });
  });

  describe('behind a proxy that ends TLS', () => {
    const forwarded = {
      host: 'bank.internal',
      'x-forwarded-host': 'bank.example',
      'x-forwarded-proto': 'https',
    };
    const post = async (options: object, trust: boolean, origin: string): Promise<number> => {
      const site = await openBank(backend, options);
      if (trust)
        (site.app.getHttpAdapter().getInstance() as { set(name: string, value: unknown): void }).set(
          'trust proxy',
          1,
        );
      const { status } = await victim
        .at(site)
        .send('POST', '/transfer', { headers: { ...forwarded, origin } });
      await site.close();
      return status;
    };

    it.each<[string, object, boolean]>([
      ['Express trusts', {}, true],
      ['the option trusts', { proxy: true }, false],
    ])('that %s, its own address is the origin, over HTTPS alone', async (_, options, trust) => {
      expect(await post(options, trust, 'https://bank.example')).toBe(201);
      expect(await post(options, trust, 'http://bank.example')).toBe(403);
      expect(await post(options, trust, 'https://bank.internal')).toBe(403);
    });

    it('that nobody trusts, it is not', async () => {
      expect(await post({}, false, 'https://bank.example')).toBe(403);
      expect(await post({ proxy: false }, true, 'https://bank.example')).toBe(403);
      expect(await post({ proxy: false }, true, 'https://bank.internal')).toBe(201);
    });
  });
});
