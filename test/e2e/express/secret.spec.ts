import { createHmac, createSecretKey } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import cookieParser from 'cookie-parser';
import { PEERS, stopServers } from './support/peers.js';
import { databaseStore, idIn, SECRET, signed, site, until } from './support/options-helpers.js';

describe.each(PEERS)('secret (%s)', (_, session) => {
  afterEach(stopServers);

  /** The same application once per secret, over the same rows. */
  function deployments() {
    const rows = new Map<string, string>();
    return async (secret: unknown, options: object = {}) =>
      site(session, { secret, store: databaseStore(session, rows), ...options });
  }

  it('the cookie holds s:, the id, a dot and the HMAC-SHA256 of the id in base64 without padding', async () => {
    const { client } = await site(session);
    const { setCookies, body } = await client().get('/change');
    const hmac = createHmac('sha256', SECRET)
      .update(body.id as string)
      .digest('base64');
    expect(signed(setCookies[0]!)).toBe(`s:${body.id}.${hmac.replace(/=+$/, '')}`);
  });

  it.each([
    ['a Buffer', Buffer.from(SECRET)],
    ['a Uint8Array', new TextEncoder().encode(SECRET)],
    ['a key object', createSecretKey(Buffer.from(SECRET))],
    ['an array of one Buffer', [Buffer.from(SECRET)]],
  ])('%s signs and verifies as its text does', async (_case, secret) => {
    const { client } = await site(session, { secret });
    const visitor = client();
    const { setCookies, body } = await visitor.get('/change');
    expect(idIn(setCookies[0]!)).toBe(body.id);
    expect((await visitor.get('/')).body.data.n).toBe(1);
  });

  it('the first of several secrets signs', async () => {
    const { client } = await site(session, { secret: ['new', 'old'] });
    const { setCookies, body } = await client().get('/change');
    expect([idIn(setCookies[0]!, 'new'), idIn(setCookies[0]!, 'old')]).toEqual([body.id, false]);
  });

  it('a session signed with an older secret is still read, and its cookie left alone', async () => {
    const deploy = deployments();
    const visitor = await (await deploy('old')).visitor();
    const { client } = await deploy(['new', 'newer', 'old']);
    const later = client();
    later.headers.cookie = visitor.cookieHeader;
    expect(await later.get('/')).toMatchObject({ body: { data: { n: 1 } }, setCookies: [] });
  });

  it('a cookie that is sent again is signed with the first secret', async () => {
    const deploy = deployments();
    const visitor = await (await deploy('old')).visitor();
    const { client } = await deploy(['new', 'old'], { rolling: true });
    const later = client();
    later.headers.cookie = visitor.cookieHeader;
    const { setCookies, body } = await later.get('/');
    expect(idIn(setCookies[0]!, 'new')).toBe(body.id);
  });

  it('a session signed with a secret that is gone is refused', async () => {
    const deploy = deployments();
    const visitor = await (await deploy('old')).visitor();
    const { client } = await deploy(['new', 'newer']);
    const later = client();
    later.headers.cookie = visitor.cookieHeader;
    expect((await later.get('/')).body.data.n).toBeUndefined();
  });

  it.each([undefined, null, ''])('a request without any secret (%j) is an error', async (secret) => {
    const { client, errors } = await site(session, { secret });
    expect(await client().get('/')).toMatchObject({
      status: 500,
      text: 'secret option required for sessions',
    });
    expect(errors).toEqual([new Error('secret option required for sessions')]);
  });

  it.each([5, { not: 'a key' }])(
    'a secret that cannot sign (%j) is an error passed to next',
    async (secret) => {
      const { client, errors } = await site(session, { secret });
      expect((await client().get('/change')).setCookies).toEqual([]);
      await until(() => errors.length > 0);
      expect(String(errors[0])).toMatch('The "key" argument must be');
    },
  );

  it('req.secret signs and verifies where there is no option', async () => {
    const { client } = await site(
      session,
      { secret: undefined },
      {},
      (req) => (req.secret = 'from the request'),
    );
    const visitor = client();
    const { setCookies, body } = await visitor.get('/change');
    expect(idIn(setCookies[0]!, 'from the request')).toBe(body.id);
    expect((await visitor.get('/')).body.data.n).toBe(1);
  });

  it('cookie-parser gives its secret to a session without one', async () => {
    const parse = cookieParser(SECRET);
    const { client } = await site(session, { secret: undefined }, {}, (req, res) =>
      parse(req as never, res as never, () => undefined),
    );
    const visitor = client();
    const { setCookies, body } = await visitor.get('/change');
    expect(idIn(setCookies[0]!)).toBe(body.id);
    expect((await visitor.get('/')).body.data.n).toBe(1);
  });

  it('the option counts more than req.secret', async () => {
    const { client } = await site(session, {}, {}, (req) => (req.secret = 'from the request'));
    const { setCookies, body } = await client().get('/change');
    expect(idIn(setCookies[0]!)).toBe(body.id);
  });
});
