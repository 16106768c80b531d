import { afterEach, describe, expect, it } from '@jest/globals';
import { PEERS, type Req, stopServers } from './support/peers.js';
import { attributes, site, tls } from './support/options-helpers.js';

/** What express says of the connection, with its trust proxy setting. */
function express(req: Req): void {
  tls(req);
  if (req.headers['x-secure']) req.secure = req.headers['x-secure'] === '1';
}

describe.each(PEERS)('proxy (%s)', (_, session) => {
  afterEach(stopServers);

  async function isSecure(options: object, headers: Record<string, string>) {
    const secure = await site(session, { ...options, cookie: { secure: true } }, {}, express);
    const visitor = secure.client();
    Object.assign(visitor.headers, headers);
    const sent = (await visitor.get('/change')).setCookies.length === 1;

    const auto = await site(
      session,
      { ...options, cookie: { secure: 'auto', sameSite: 'auto' } },
      {},
      express,
    );
    const other = auto.client();
    Object.assign(other.headers, headers);
    const found = attributes((await other.get('/change')).setCookies[0]);
    expect(found).toEqual(['Path=/', 'HttpOnly', ...(sent ? ['Secure', 'SameSite=None'] : ['SameSite=Lax'])]);
    return sent;
  }

  describe('true: X-Forwarded-Proto is believed', () => {
    it.each([
      ['https', true],
      ['HTTPS', true],
      [' https ', true],
      ['https,http', true],
      ['https , http', true],
      ['HTTPS, http, http', true],
      ['http', false],
      ['http,https', false],
      ['http, https', false],
      ['', false],
      [',https', false],
      ['httpsx', false],
      ['wss', false],
    ])('%j is secure: %s', async (header, secure) => {
      expect(await isSecure({ proxy: true }, { 'x-forwarded-proto': header })).toBe(secure);
    });

    it('a request without the header is not secure', async () => {
      expect(await isSecure({ proxy: true }, {})).toBe(false);
    });

    it('req.secure does not count', async () => {
      expect(await isSecure({ proxy: true }, { 'x-secure': '1' })).toBe(false);
    });
  });

  describe('false: only the connection counts', () => {
    it('X-Forwarded-Proto does not', async () => {
      expect(await isSecure({ proxy: false }, { 'x-forwarded-proto': 'https' })).toBe(false);
    });

    it('req.secure does not', async () => {
      expect(await isSecure({ proxy: false }, { 'x-secure': '1' })).toBe(false);
    });
  });

  describe.each([
    ['not given', {}],
    ['undefined', { proxy: undefined }],
    ['null', { proxy: null }],
    ['1', { proxy: 1 }],
  ])('%s: req.secure counts', (_case, options) => {
    it.each([
      ['1', true],
      ['0', false],
    ])('x-secure: %s is secure: %s', async (header, secure) => {
      expect(await isSecure(options, { 'x-secure': header })).toBe(secure);
    });

    it('X-Forwarded-Proto does not', async () => {
      expect(await isSecure(options, { 'x-forwarded-proto': 'https' })).toBe(false);
    });
  });

  it.each([true, false, undefined])('an encrypted connection is secure with proxy: %s', async (proxy) => {
    expect(await isSecure({ proxy }, { 'x-tls': '1', 'x-forwarded-proto': 'http' })).toBe(true);
  });

  it.each([true, false, undefined])(
    'a session over a plain connection is read with proxy: %s',
    async (proxy) => {
      const { client } = await site(session, { proxy, cookie: { secure: true } }, {}, tls);
      const visitor = client();
      visitor.headers['x-tls'] = '1';
      await visitor.get('/change');
      visitor.headers['x-tls'] = '0';
      expect(await visitor.get('/change')).toMatchObject({ body: { data: { n: 2 } }, setCookies: [] });
    },
  );
});
