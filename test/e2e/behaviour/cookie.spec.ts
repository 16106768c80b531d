import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { sign, unsign } from 'cookie-signature';
import { keyOf, OUR_ID } from '../../support/ids.js';
import { type Backend, BACKENDS, FRAMEWORKS, SECRET, type AnySite } from '../../support/site.js';

/** DESIGN 5.1, 5.2, 5.3, 5.10: what goes out in the cookie, and what of a cookie that comes in is believed. */
describe.each(FRAMEWORKS)('the cookie ($adapter)', ({ openSite }) => {
  let backend: Backend;
  let site: AnySite;

  beforeAll(async () => {
    backend = await BACKENDS.memory();
    site = await openSite(backend);
  });
  beforeEach(() => {
    site.spy.reset();
    site.events.splice(0);
  });
  afterAll(async () => {
    await site.close();
    await backend.close();
  });

  async function signedIn() {
    const client = site.client();
    await client.post('/run/set', { color: 'green' });
    site.spy.reset();
    return client;
  }

  it('is HttpOnly, SameSite=Lax, for the whole site, and ends with the browser', async () => {
    const { setCookies } = await site.client().post('/run/set', { color: 'green' });
    expect(setCookies).toHaveLength(1);
    expect(setCookies[0]).toMatch(/^sid=s%3A[\w-]{22}~[\w-]{43}\.[^;]+; Path=\/; HttpOnly; SameSite=Lax$/);
  });

  it('is signed exactly as express-session signs', async () => {
    const client = await signedIn();
    const value = decodeURIComponent(client.cookies.get('sid')!);
    expect(value.slice(0, 2)).toBe('s:');
    expect(unsign(value.slice(2), SECRET)).toBe(client.sessionId);
  });

  it('is believed when express-session signed it', async () => {
    const client = await signedIn();
    const { sessionId } = client;
    client.cookies.set('sid', encodeURIComponent(`s:${sign(sessionId!, SECRET)}`));
    expect((await client.get('/run/read')).body).toEqual({ color: 'green' });
  });

  it('is read in quotes, too, as older clients and proxies send it', async () => {
    const client = await signedIn();
    const value = client.cookies.get('sid')!;
    for (const quoted of [`"${value}"`, `"${decodeURIComponent(value)}"`]) {
      client.cookies.set('sid', quoted);
      expect((await client.get('/run/read')).body).toEqual({ color: 'green' });
    }
  });

  it('costs a visitor whose session holds nothing neither a row nor a header', async () => {
    const { setCookies, headers } = await site.client().get('/run/read');
    expect(setCookies).toEqual([]);
    expect(headers.get('cache-control')).toBeNull();
    expect(site.spy.count()).toBe(0);
  });

  it('is not sent again while nothing about it changes', async () => {
    const client = await signedIn();
    expect((await client.get('/run/read')).setCookies).toEqual([]);
    expect((await client.post('/run/set', { color: 'red' })).setCookies).toEqual([]);
  });

  const hostile: [string, (value: string) => string][] = [
    ['unsigned', (value) => value.slice(2).split('.')[0]!],
    ['without its prefix', (value) => value.slice(2)],
    ['cut short', (value) => value.slice(0, -4)],
    ['with a wrong signature', (value) => value.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))],
    [
      'signed with another secret',
      (value) => `s:${sign(value.slice(2).split('.')[0]!, 'another secret of thirty-two bytes or more')}`,
    ],
    ['empty', () => ''],
    ['of 8 KB', (value) => value.padEnd(8_000, 'x')],
    ['an object', () => 'j:{"id":{"$ne":null}}'],
    ['with a NUL', (value) => value.replace(/^s:./, 's:\0')],
  ];
  it.each(hostile)('never reaches the store when it is %s', async (_, spoil) => {
    const client = await signedIn();
    client.cookies.set('sid', encodeURIComponent(spoil(decodeURIComponent(client.cookies.get('sid')!))));
    const answer = await client.get('/run/read');
    expect(answer).toMatchObject({ status: 200, body: {}, setCookies: [] });
    expect(site.spy.count()).toBe(0);
  });

  it('says why one was refused, with no id in the event', async () => {
    const client = await signedIn();
    const { sessionId } = client;
    site.events.splice(0);
    client.cookies.set('sid', `s%3A${sessionId}.wrong`);
    await client.get('/run/read');
    client.cookies.set('sid', 'garbage');
    await client.get('/run/read');
    expect(site.events).toMatchObject([
      { type: 'rejected', reason: 'signature' },
      { type: 'rejected', reason: 'malformed' },
    ]);
    expect(JSON.stringify(site.events)).not.toContain(sessionId);
  });

  it.each([
    ['of ours', `${'A'.repeat(22)}~${'B'.repeat(43)}`],
    ['foreign', 'A'.repeat(43)],
  ])(
    'with an id that the store does not know (%s) is not adopted: the new session has another',
    async (_, planted) => {
      const client = site.client();
      client.cookies.set('sid', encodeURIComponent(`s:${sign(planted, SECRET)}`));
      await client.post('/run/set', { color: 'green' });
      expect(client.sessionId).toMatch(OUR_ID);
      expect(keyOf(client.sessionId!)).not.toBe(keyOf(planted));
      expect(site.events).toContainEqual(expect.objectContaining({ type: 'rejected', reason: 'unknown' }));
    },
  );

  it('with the key of a session and another secret is refused as superseded, and nothing of it is adopted', async () => {
    const owner = await signedIn();
    const handle = keyOf(owner.sessionId!);
    const client = site.client();
    client.cookies.set('sid', encodeURIComponent(`s:${sign(`${handle}~${'B'.repeat(43)}`, SECRET)}`));
    const { body } = await client.post('/run/facts');
    expect(body).toMatchObject({ isNew: true, handle: expect.not.stringMatching(handle) });
    expect(site.events).toContainEqual({
      type: 'rejected',
      reason: 'superseded',
      at: expect.any(Date),
      handle,
    });
    expect((await owner.get('/run/read')).body).toEqual({ color: 'green' });
  });

  it('counts when several have its name: the first whose signature holds', async () => {
    const client = await signedIn();
    const good = client.cookies.get('sid')!;
    client.headers.cookie = `sid=s%3Aplanted.bad; theme=dark; sid=${good}; sid=garbage`;
    client.cookies.clear();
    expect((await client.get('/run/read')).body).toEqual({ color: 'green' });
  });

  it('is read with quotes around its value, which older clients and proxies put there', async () => {
    const client = await signedIn();
    client.headers.cookie = `theme=dark; sid="${client.cookies.get('sid')!}"`;
    client.cookies.clear();
    expect((await client.get('/run/read')).body).toEqual({ color: 'green' });
  });

  it.each(['expires', 'maxAge'] as const)('ends with the browser after cookie.%s = false', async (name) => {
    const lasting = await openSite(backend, { cookie: { maxAge: '1h' } });
    try {
      lasting.handle('brief', ({ session }) => {
        session.color = 'green';
        session.cookie[name] = false;
        return { maxAge: session.cookie.maxAge, expires: session.cookie.expires };
      });
      const client = lasting.client();
      const { status, body, setCookies } = await client.get('/run/brief');
      expect([status, body]).toEqual([200, { maxAge: null, expires: null }]);
      expect(setCookies).toEqual([expect.not.stringMatching(/expires|max-age/i)]);
      expect((await client.get('/run/read')).body).toEqual({ color: 'green' });
    } finally {
      await lasting.close();
    }
  });

  it('is the only place an id is read from', async () => {
    const client = await signedIn();
    const value = decodeURIComponent(client.cookies.get('sid')!);
    const thief = site.client();
    thief.headers['x-session-id'] = value;
    thief.headers.authorization = `Bearer ${value}`;
    const answer = await thief.post(`/run/read?sid=${encodeURIComponent(value)}`, {
      sid: value,
      sessionId: value,
    });
    expect(answer.body).toEqual({});
    expect(site.spy.count()).toBe(0);
  });

  it('makes the response uncacheable unless the application said otherwise', async () => {
    const plain = await site.client().post('/run/set', { a: 1 });
    expect(plain.headers.get('cache-control')).toBe('no-store');
    site.handle('cached', ({ session, res }) => {
      session.a = 1;
      res.header('Cache-Control', 'private, max-age=60');
    });
    expect((await site.client().get('/run/cached')).headers.get('cache-control')).toBe('private, max-age=60');
  });

  it('is named in Vary where the response depended on the session, and only there', async () => {
    site.handle('varied', ({ session, res }) => {
      res.header('Vary', 'Accept-Encoding');
      return { ...session };
    });
    expect((await site.client().get('/run/read')).headers.get('vary')).toBe('Cookie');
    expect((await site.client().get('/run/varied')).headers.get('vary')).toMatch(
      /^Accept-Encoding, ?Cookie$/,
    );
    expect((await site.client().get('/plain/nothing')).headers.get('vary')).toBeNull();
  });

  it('joins cookies of the application, also those passed to writeHead', async () => {
    site.handle('head', ({ session, takeOver }) => {
      session.a = 1;
      takeOver().writeHead(200, ['Set-Cookie', 'one=1', 'Set-Cookie', 'two=2']).end('done');
    });
    const { setCookies } = await site.client().get('/raw/head');
    expect(setCookies.map((line) => line.split('=')[0])).toEqual(['one', 'two', 'sid']);
  });
});
