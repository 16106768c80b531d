import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import * as crypto from 'node:crypto';
import fc from 'fast-check';
import type { Backend, Site } from '../support/site.js';

let signatures = 0;
const counting = {
  ...crypto,
  createHmac: (...args: Parameters<typeof crypto.createHmac>) => {
    signatures++;
    return crypto.createHmac(...args);
  },
};
jest.unstable_mockModule('node:crypto', () => ({ ...counting, default: counting }));
const { BACKENDS, openSite, SECRET } = await import('../support/site.js');
const { PATIENCE, runs } = await import('../support/property.js');
const { rawRequest } = await import('../support/raw-request.js');
const { resolveOptions } = await import('../../lib/options/resolve-options.js');
const { SignedIdCodec } = await import('../../lib/cookie/signed-id.codec.js');
const { badHeaders, signed } = await import('./support/cookies.js');
const { default: session } = await import('../../lib/express/index.js');
const { serve, stopServers } = await import('../e2e/express/support/peers.js');
const { CookieSessionStore } = await import('../../lib/stores/cookie/index.js');

const SECRETS = [SECRET, `${SECRET} of last year`, `${SECRET} of long ago`];

/** A header full of cookies of the session's name costs this many looks at most, and each look a signature a secret. */
const MOST_TOKENS = 8;

/** What a `Cookie` header costs is bounded, whatever is in it (counted, not timed). */
describe('the cost of a Cookie header', () => {
  let backend: Backend;
  let site: Site;

  beforeAll(async () => {
    backend = await BACKENDS.memory();
    site = await openSite(backend, { secret: SECRETS });
  });
  afterAll(async () => {
    await site.close();
    await backend.close();
  });
  beforeEach(() => {
    signatures = 0;
  });

  const ID = 'x'.repeat(43);

  it('is counted here: one signature to make a cookie, none to find it again', async () => {
    const client = site.client();
    await client.post('/run/set', { a: 1 });
    expect(signatures).toBe(1);
    await client.get('/run/read');
    expect(signatures).toBe(1);
  });

  it.each([1, 7, 8, 9, 100])('is at most eight looks: %i wrongly signed cookies', async (amount) => {
    const header = Array.from({ length: amount }, () => `sid=${signed(ID, 'wrong')}`).join('; ');
    signatures = 0; // those of the test itself are counted, too
    const opened = jest.spyOn(SignedIdCodec.prototype, 'open');
    expect((await rawRequest(site.base, '/run/read', [`Cookie: ${header}`])).status).toBe(200);
    expect(opened).toHaveBeenCalledTimes(Math.min(amount, MOST_TOKENS));
    expect(signatures).toBe(Math.min(amount, MOST_TOKENS) * SECRETS.length);
    opened.mockRestore();
  });

  it.each([
    ['without a signature', `s:${ID}`],
    ['with a short one', `s:${ID}.abc`],
    ['with a long one', `s:${ID}.${'a'.repeat(44)}`],
    ['of another kind', `j:{"id":"${ID}"}`],
    ['with an id that is none', `s:a b.${'a'.repeat(43)}`],
    ['with an id that is too long', `s:${'x'.repeat(257)}.${'a'.repeat(43)}`],
    ['of megabytes', `s:${'x'.repeat(2 ** 21)}.${'a'.repeat(43)}`],
  ])('is no signature at all for a value %s', (_kind, value) => {
    const codec = new SignedIdCodec([SECRET]);
    expect(codec.open(value)).toEqual({ rejected: expect.any(String) });
    expect(signatures).toBe(0);
  });

  it(
    'is bounded for every header',
    async () => {
      await fc.assert(
        fc.asyncProperty(badHeaders(ID), fc.nat(100), async (header, times) => {
          signatures = 0;
          await rawRequest(site.base, '/run/read', [`Cookie: ${`${header}; `.repeat(times + 1)}`]);
          expect(signatures).toBeLessThanOrEqual(MOST_TOKENS * SECRETS.length);
        }),
        runs(200),
      );
      expect(site.events.filter(({ type }) => type !== 'rejected')).toEqual([
        expect.objectContaining({ type: 'created' }),
        expect.objectContaining({ type: 'loaded' }),
      ]);
    },
    PATIENCE,
  );

  it('is no look for cookies of other names', () => {
    const { http } = resolveOptions({ secret: SECRETS });
    const values = (cookie: string): readonly string[] => [
      ...http.tokensOf({ headers: { cookie } } as never, undefined as never),
    ];
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.stringMatching(/^[a-z]{1,8}$/), fc.stringMatching(/^[\w.%]*$/))),
        (pairs) => {
          const header = pairs.map(([name, value]) => `${name}=${value}`).join('; ');
          const own = pairs.filter(([name]) => name === 'sid').length;
          expect(values(header)).toHaveLength(Math.min(own, MOST_TOKENS));
        },
      ),
      runs(300),
    );
    expect(values('sidecar=1; SID=2; xsid=3; sid[a]=4; sid = 5')).toEqual(['5']);
  });
});

/** Node.js reads 16 KiB of headers. */
const FULL = {
  'cookies that cannot be decoded': (name: string) => `${name}=%;`.repeat(14_000 / (name.length + 3)),
  'cookies whose names begin alike': (name: string) => `${name}0=%41; `.repeat(14_000 / (name.length + 7)),
  'cookies of other names': () => 'other=%41; '.repeat(1_300),
};

describe.each(Object.entries(FULL))('a header full of %s', (_, header) => {
  const { decodeURIComponent: decode } = globalThis;
  let decoded = 0;
  const closing: (() => Promise<unknown>)[] = [];

  beforeEach(() => {
    decoded = 0;
    signatures = 0;
    globalThis.decodeURIComponent = (text) => (decoded++, decode(text));
  });
  afterEach(async () => {
    globalThis.decodeURIComponent = decode;
    for (const close of closing.splice(0)) await close();
  });

  const ask = (base: string, path: string, name: string) =>
    rawRequest(base, path, [`Cookie: ${header(name)}`]);

  it.each(['a store', 'sealed cookies'])(
    'is decoded eight times at most: SessionModule with %s',
    async (kind) => {
      const backend = await BACKENDS.memory();
      const store = kind === 'a store' ? backend.store : new CookieSessionStore({ chunks: 8 });
      const site = await openSite({ ...backend, store });
      closing.push(
        () => site.close(),
        () => backend.close(),
      );
      // Express decodes what it finds in the path.
      await rawRequest(site.base, '/run/read', []);
      const own = decoded;
      expect((await ask(site.base, '/run/read', 'sid')).status).toBe(200);
      expect(decoded - own).toBeLessThanOrEqual(own + MOST_TOKENS);
      expect(signatures).toBe(0);
    },
  );

  it('is decoded eight times at most: the drop-in', async () => {
    const { base } = await serve(session, { secret: SECRET }, (_req, res) => void res.end('fine'));
    closing.push(stopServers);
    expect((await ask(base, '/', 'connect.sid')).status).toBe(200);
    expect(decoded).toBeLessThanOrEqual(MOST_TOKENS);
    expect(signatures).toBeLessThanOrEqual(1); // of the new cookie
  });
});

it('the drop-in signs nothing anew that cookie-parser has read, where the header is good', async () => {
  const { client } = await serve(
    session,
    { secret: SECRET },
    (req, res) => {
      req.session.n = 1;
      res.end('fine');
    },
    (req) => void (req.signedCookies = { 'connect.sid': 'what cookie-parser has verified' }),
  );
  const visitor = client();
  await visitor.get('/');
  signatures = 0;
  await visitor.get('/');
  await visitor.get('/');
  expect(signatures).toBe(0);
  await stopServers();
});
