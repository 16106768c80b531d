import { afterEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { SECRET } from '../../support/site.js';
import { at, type CookieSite, openCookieSite, rejections, seen, visitor } from './support/site.js';

/** What of a sealed cookie is believed, and with which keys. */
describe('a sealed cookie', () => {
  const sites: CookieSite[] = [];

  afterEach(async () => {
    for (const site of sites.splice(0)) await site.close();
  });

  const open: typeof openCookieSite = async (...options) => {
    const site = await openCookieSite(...options);
    sites.push(site);
    return site;
  };

  it.each<[string, string, (value: string) => string]>([
    [
      'with another character',
      'signature',
      (value) => value.replace(/.{9}$/, (end) => end.replace(/^./, (c) => (c === 'A' ? 'B' : 'A'))),
    ],
    ['cut short', 'signature', (value) => value.slice(0, -8)],
    ['cut to nothing', 'malformed', (value) => value.slice(0, 20)],
    ['lengthened', 'signature', (value) => `${value}AAAA`],
    ['twice', 'signature', (value) => value + value],
    ['in the clear', 'malformed', () => encodeURIComponent('{"userId":"admin"}')],
    ['in base64', 'malformed', () => Buffer.from('{"userId":"admin"}').toString('base64url')],
    ['of 8 KB', 'malformed', (value) => value.padEnd(8_000, 'x')],
  ])('%s is a fresh session and an event (%s)', async (_, reason, spoil) => {
    const site = await open();
    const client = await visitor(site, { userId: 'ann' });
    client.cookies.set('sid', spoil(client.cookies.get('sid')!));
    expect(await client.copy().get('/run/read')).toMatchObject({ status: 200, body: {}, setCookies: [] });
    expect(rejections(site)).toEqual([reason]);
    await client.post('/run/set', { color: 'blue' });
    expect(await seen(client)).toEqual({ color: 'blue' });
  });

  it('of another name, or of an application with other secrets, is none', async () => {
    const [site, named, other] = [
      await open(),
      await open({ name: 'sid2' }),
      await open({ secret: 'x'.repeat(40) }),
    ];
    const client = await visitor(site);
    const renamed = named.client();
    renamed.cookies.set('sid2', client.cookies.get('sid')!);
    expect(await seen(renamed)).toEqual({});
    expect(await seen(at(other, client))).toEqual({});
    expect([...rejections(named), ...rejections(other)]).toEqual(['signature', 'signature']);
  });

  it('among several of its name is the first that opens', async () => {
    const site = await open();
    const client = await visitor(site);
    const good = client.cookies.get('sid')!;
    const many = site.client();
    many.headers.cookie = `sid=planted; theme=dark; sid=${good.slice(0, -4)}AAAA; sid=${good}; sid=garbage`;
    expect((await many.get('/run/read')).body).toEqual({ color: 'green' });
  });

  it('shows in no event and no error what it holds', async () => {
    const site = await open();
    site.handle('id', ({ session }) => session.id);
    const client = await visitor(site, { text: 'do not tell' });
    const id = (await client.get('/run/id')).text;
    const value = client.cookies.get('sid')!;
    client.cookies.set('sid', `${value}AAAA`);
    await client.get('/run/read');
    const said = JSON.stringify([site.events, site.warnings]);
    expect(site.events.length).toBeGreaterThan(2);
    for (const secret of ['do not tell', id, value, SECRET]) expect(said).not.toContain(secret);
  });

  describe.each<[string, (all: string[]) => Parameters<typeof openCookieSite>]>([
    ['secrets', (all: string[]) => [{ secret: all }, {}]],
    ['keys', (all: string[]) => [{}, { keys: all }]],
  ])('with %s', (_, options) => {
    const [one, two] = [randomBytes(32).toString('hex'), randomBytes(32).toString('hex')];

    it('is sealed with the first, opened with all, and sealed anew by its next use', async () => {
      const [before, both, after] = [
        await open(...options([one])),
        await open(...options([two, one])),
        await open(...options([two])),
      ];
      const client = await visitor(before);
      expect(await seen(at(after, client))).toEqual({});
      const renewed = at(both, client);
      expect((await renewed.get('/run/read')).setCookies).toHaveLength(1);
      expect((await renewed.get('/run/read')).setCookies).toEqual([]);
      expect(await seen(at(after, renewed))).toEqual({ color: 'green' });
      expect(await seen(at(before, renewed))).toEqual({});
      expect(rejections(after)).toEqual(['signature']);
    });
  });

  it('with keys of its own has nothing to do with the secret', async () => {
    const keys = [randomBytes(32)];
    const [site, other] = [await open({}, { keys }), await open({ secret: 'x'.repeat(40) }, { keys })];
    expect(await seen(at(other, await visitor(site)))).toEqual({ color: 'green' });
  });
});
