import { afterEach, describe, expect, it } from '@jest/globals';
import type { Client } from '../../support/client.js';
import { at, type CookieSite, openCookieSite, rejections, seen, visitor } from './support/site.js';

/** 4096 bytes a cookie (RFC 6265bis, section 5.6), and several of them where that was asked for. */
describe('the size of a session in its cookie', () => {
  const sites: CookieSite[] = [];

  afterEach(async () => {
    for (const site of sites.splice(0)) await site.close();
  });

  const open: typeof openCookieSite = async (...options) => {
    const site = await openCookieSite(...options);
    sites.push(site);
    return site;
  };

  const fill = (length: number, letter = 'x'): { fill: string } => ({ fill: letter.repeat(length) });
  const sizes = ({ cookies }: Client): number[] =>
    [...cookies].map(([name, value]) => name.length + value.length);

  it('is 4096 bytes at most; one more is a 500, and the session from before stays', async () => {
    const site = await open();
    const client = await visitor(site);
    for (let length = 2_900; (await client.post('/run/set', fill(length))).status === 200; length++)
      expect(sizes(client)[0]).toBeLessThanOrEqual(4096);
    expect(sizes(client)[0]).toBeGreaterThan(4090);
    const before = client.cookieHeader;
    const answer = await client.post('/run/set', fill(4_000));
    expect(answer).toMatchObject({ status: 500, setCookies: [] });
    expect(client.cookieHeader).toBe(before);
    expect((await client.get('/run/read')).body).toMatchObject({ color: 'green', fill: expect.any(String) });
  });

  it.each([
    ['sid', 2_932],
    ['__Host-sid', 2_927],
  ])('has room for so much JSON as is documented: %s', async (name, most) => {
    const site = await open({ name, cookie: { secure: name !== 'sid' }, proxy: true });
    const client = site.client();
    client.headers['x-forwarded-proto'] = 'https';
    const jsonOf = (bytes: number): object => fill(bytes - JSON.stringify(fill(0)).length);
    expect(JSON.stringify(jsonOf(most))).toHaveLength(most);
    expect((await client.post('/run/set', jsonOf(most))).status).toBe(200);
    expect(sizes(client)[0]).toBeLessThanOrEqual(4096);
    expect((await client.post('/run/set', jsonOf(most + 1))).status).toBe(500);
    expect((await client.get('/run/read')).body).toEqual(jsonOf(most));
  });

  it('is named in the error of save(), update() and login(), which leave the session as it was', async () => {
    const site = await open();
    const client = await visitor(site);
    site.handle('try', async ({ session }) => {
      const errors: unknown[] = [];
      const note = (error: { code: string; message: string }): unknown =>
        errors.push([error.code, error.message]);
      session.fill = 'y'.repeat(4_000);
      await session.save().catch(note);
      await session.login('ann').catch(note);
      delete session.fill;
      await session.update((s) => void (s.fill = 'z'.repeat(4_000))).catch(note);
      return { errors, session: { ...session } };
    });
    const { body } = await client.get('/run/try');
    expect(body.errors).toEqual(
      Array(3).fill([
        'SESSION_DATA_INVALID',
        expect.stringMatching(/40\d\d bytes of data it needs 55\d\d bytes.*room for 4093.*"chunks"/),
      ]),
    );
    expect(body.session).toEqual({ color: 'green' });
    expect(await seen(client)).toEqual({ color: 'green' });
    expect(JSON.stringify(body)).not.toMatch(/yyy|zzz/);
  });

  it('may be of several cookies where that was asked for, each with all attributes', async () => {
    const site = await open({ cookie: { maxAge: '1h' } }, { chunks: 3 });
    const client = await visitor(site, fill(8_000));
    expect([...client.cookies.keys()]).toEqual(['sid', 'sid.1', 'sid.2']);
    expect(Math.max(...sizes(client))).toBe(4096);
    expect(await seen(client)).toEqual(fill(8_000));
    const { setCookies } = await client.post('/run/set', { more: 1 });
    expect(setCookies).toHaveLength(3);
    for (const line of setCookies)
      expect(line).toMatch(/; Max-Age=3600; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Lax$/);
    expect((await client.post('/run/set', fill(9_500))).status).toBe(500);
    expect(await seen(client)).toEqual({ ...fill(8_000), more: 1 });
  });

  it('keeps the prefix __Host- for all of them', async () => {
    const site = await open({ cookie: { secure: true }, proxy: true }, { chunks: 2 });
    const client = site.client();
    client.headers['x-forwarded-proto'] = 'https';
    const { setCookies } = await client.post('/run/set', fill(4_000));
    expect(setCookies.map((line) => line.split('=')[0])).toEqual(['__Host-sid', '__Host-sid.1']);
    for (const line of setCookies) expect(line).toMatch(/; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
    expect((await client.get('/run/read')).body).toEqual(fill(4_000));
  });

  it('leaves no cookie behind when it shrinks, or the session ends', async () => {
    const site = await open({}, { chunks: 3 });
    const client = await visitor(site, fill(8_000));
    await client.post('/run/set', fill(4_000));
    expect([...client.cookies.keys()]).toEqual(['sid', 'sid.1']);
    expect(await seen(client)).toEqual(fill(4_000));
    const shrunk = await client.post('/run/set', fill(1));
    expect(shrunk.setCookies[1]).toMatch(/^sid\.1=; Max-Age=0; Path=\/; Expires=Thu, 01 Jan 1970/);
    expect([...client.cookies.keys()]).toEqual(['sid']);
    await client.post('/run/set', fill(8_000));
    await client.post('/run/logout');
    expect([...client.cookies.keys()]).toEqual([]);
    // Nor of a larger application that was here before.
    const single = await open();
    const old = at(single, await visitor(site, fill(8_000)));
    await old.post('/run/set', fill(1));
    expect([...old.cookies.keys()]).toEqual(['sid']);
    expect(rejections(single)).toEqual(['malformed']);
  });

  it('of several cookies is all or nothing: one missing, exchanged or of another version is a fresh session', async () => {
    const site = await open({}, { chunks: 3 });
    const client = await visitor(site, fill(8_000, 'a'));
    const before = client.copy();
    await client.post('/run/set', fill(8_000, 'b'));
    const value = (of: Client, name: string): string => of.cookies.get(name)!;
    const spoilt: ((copy: Client) => unknown)[] = [
      ...['sid', 'sid.1', 'sid.2'].map((name) => (copy: Client) => copy.cookies.delete(name)),
      ...['sid', 'sid.1', 'sid.2'].map(
        (name) => (copy: Client) => copy.cookies.set(name, value(before, name)),
      ),
      (copy) => {
        copy.cookies.set('sid.1', value(client, 'sid.2'));
        copy.cookies.set('sid.2', value(client, 'sid.1'));
      },
      (copy) => copy.cookies.set('sid.1', value(client, 'sid.1').slice(0, -1)),
      (copy) => copy.cookies.set('sid', value(client, 'sid').replace(/^3/, '2')),
      (copy) => copy.cookies.set('sid.1', ''),
    ];
    for (const [index, spoil] of spoilt.entries()) {
      const copy = client.copy();
      spoil(copy);
      expect([index, await seen(copy)]).toEqual([index, {}]);
    }
    // Without the first there is no session cookie at all, and nothing to refuse.
    expect(rejections(site)).toHaveLength(spoilt.length - 1);
    expect(await seen(client)).toEqual(fill(8_000, 'b'));
  });
});
