import { expect } from '@jest/globals';
import cookieParser from 'cookie-parser';
import { randomBytes } from 'node:crypto';
import { CookieSessionStore } from '../../../lib/stores/cookie/index.js';
import { tokenOf } from '../../support/ids.js';
import { type Handler, SECRET } from '../../support/site.js';
import {
  type Attacks,
  bearer,
  keyOf,
  member,
  rejections,
  seenWith,
  signed,
  valueOf,
  visitor,
} from '../support/scene.js';
import { compare } from '../support/watched-crypto.js';

/** Cookies, rows and arguments that somebody made up. */
export const forged: Attacks = {
  'CVE-2019-16782: the store is asked for keys, and sees neither an id nor its secret': async ({
    open,
    backend,
    clock,
  }) => {
    const site = await open({ rotateInterval: '10m', maxSessionsPerUser: 5 });
    const client = await visitor(site);
    const ids = [client.sessionId!];
    const keep = (): number => ids.push(client.sessionId!);
    for (const way of ['set', 'login', 'rotate', 'increment', 'login']) {
      await client.post(`/run/${way}`, { userId: 'ann', color: 'red' });
      keep();
    }
    clock.advance(11 * 60_000);
    await client.get('/run/read'); // renewed on schedule
    keep();
    const own = keyOf(client);
    const rows = await backend.store.read([own]);
    expect(rows).toEqual([expect.objectContaining({ userId: 'ann' })]);
    await client.post('/run/logout');
    const everything = JSON.stringify([site.spy.calls, rows]);
    expect(new Set(ids).size).toBe(5);
    for (const id of ids) {
      const [key, secret] = id.split('~') as [string, string];
      expect(key).toBe(own);
      expect(everything).not.toContain(secret);
      expect(everything).toContain(tokenOf(id));
    }
    for (const keys of site.spy.calls.read.flat()) expect(keys).toBe(own);
    // What the store shows is no way in, even to somebody who has the secret for the signature's sake.
    const victim = await member(site);
    const [handle, token] = [keyOf(victim), tokenOf(victim.sessionId!)];
    for (const made of [handle, token, `${handle}~${token}`, `${token}~${token}`])
      expect([made, (await bearer(site, signed(made)).get('/run/read')).body]).toEqual([made, {}]);
  },

  'Sealed cookies are refused as a whole when anything about them is changed': async ({ open }) => {
    const options = { store: new CookieSessionStore({ chunks: 2 }) };
    const [site, other] = [await open(options), await open({ ...options, secret: 'o'.repeat(40) })];
    for (const fill of [10, 4_000]) {
      const client = await visitor(site, { owner: 'ann', fill: 'x'.repeat(fill) });
      expect(await seenWith(client, site)).toMatchObject({ owner: 'ann' });
      expect(await seenWith(client, other)).toEqual({});
      for (const [name, value] of client.cookies) {
        for (const spoilt of [
          value.slice(0, -9),
          `${value}AAAA`,
          value.replace(/.{30}$/, (end) => `~${end.slice(1)}`),
        ]) {
          const cookies = new Map(client.cookies).set(name, spoilt);
          expect([fill, name, await seenWith({ cookies }, site)]).toEqual([fill, name, {}]);
        }
        const sealed = Buffer.from(value.replace(/^.*\./, ''), 'base64url').toString('latin1');
        expect([fill, name, /owner|ann|xxx/.test(sealed)]).toEqual([fill, name, false]);
      }
    }
    expect(rejections(site).every((reason) => ['signature', 'malformed'].includes(reason))).toBe(true);
    expect(rejections(other)).toEqual(['signature', 'signature']);
  },

  'GHSA-92vm-wfm5-mxvv: signatures are compared in constant time': async ({ open }) => {
    const site = await open({ secret: [SECRET, 'a second secret of thirty-two bytes or more'] });
    const client = await visitor(site);
    const good = valueOf(client);
    const begin = good.lastIndexOf('.') + 1;
    const looks = async (value: string): Promise<number[][]> => {
      compare.mockClear();
      await bearer(site, value).get('/run/read');
      return compare.mock.calls.map(([a, b]) => [a.byteLength, b.byteLength]);
    };
    const first = await looks(good.slice(0, begin) + '~'.repeat(43));
    expect(first.length).toBeGreaterThanOrEqual(2); // one for each secret
    for (const lengths of first) expect(lengths).toEqual([43, 43]);
    for (let at = begin; at < good.length; at++) {
      const other = good[at] === 'A' ? 'B' : 'A';
      expect(await looks(good.slice(0, at) + other + good.slice(at + 1))).toEqual(first);
    }
    expect(await seenWith(client, site)).toEqual({ color: 'green' });
  },

  'CVE-2026-39324: what cannot be decrypted is refused, and never read in another way': async ({ open }) => {
    const site = await open({ encryption: { keys: [randomBytes(32)] } });
    const foreign = await open({ encryption: { keys: [randomBytes(32)] } });
    const plain = '{"userId":"admin"}';
    const sealedOf = async (at: typeof site): Promise<string> => {
      const [record] = await site.spy.store.read([keyOf(await member(at, 'admin'))]);
      return record!.data;
    };
    const [own, theirs] = [await sealedOf(site), await sealedOf(foreign)];
    const flipped = own.replace(/.(?=.{6}$)/, (letter) => (letter === 'A' ? 'B' : 'A'));
    const versions = [own.replace('"1.', '"0.'), own.replace('"1.', '"2.'), own.replace('"1.', '"')];
    const base64 = Buffer.from(plain).toString('base64url');
    const made = [`{"$sealed":"${base64}"}`, `{"$sealed":"1.AAAAAA.${base64}"}`, `{"$sealed":${plain}}`];
    const cut = [own.slice(0, 40), `${own.slice(0, -12)}"}`, '{"$sealed":"1.."}', '{"$sealed":""}', base64];
    for (const data of [plain, own, theirs, flipped, ...versions, ...made, ...cut]) {
      const client = await visitor(site);
      await site.spy.tamper(keyOf(client), { data, userId: 'admin' });
      site.events.splice(0);
      expect([data, await client.get('/run/read')]).toMatchObject([data, { status: 200, body: {} }]);
      expect([data, rejections(site)]).toEqual([data, ['corrupt']]);
    }
  },

  'CVE-2022-33171: an id or handle that is an object reaches no query': async ({ open, kind }) => {
    const site = await open({}, (app) => app.use(cookieParser(SECRET)));
    site.handle('end', ({ body }) => site.sessions.revoke(body.handle as string));
    site.handle('get', async ({ body }) =>
      (await site.sessions.get(body.handle as string)) ? 'found' : 'none',
    );
    site.handle('endAll', ({ body }) => site.sessions.revokeAll(body.userId as string));
    const client = await visitor(site);
    site.spy.reset();
    const objects = [
      { $ne: null },
      { id: { $gt: '' } },
      ['a', 'b'],
      { where: '1=1' },
      [[]],
      {},
      true,
      7,
      null,
    ];
    for (const object of objects) {
      const text = JSON.stringify(object);
      for (const value of [`j:${text}`, `s:${text}`, signed(text), signed(`j:${text}`)])
        expect((await bearer(site, value).get(`/run/read?sid[$ne]=&sid[id]=x`)).body).toEqual({});
      expect([text, (await site.client().post('/run/end', { handle: object })).body]).toEqual([text, false]);
      expect([text, (await site.client().post('/run/get', { handle: object })).text]).toEqual([text, 'none']);
      await site.client().post('/run/endAll', { userId: object });
      if (typeof object === 'object' && object !== null)
        expect([text, (await site.client().post('/run/login', { userId: object })).status]).toEqual([
          text,
          500,
        ]);
    }
    for (const [keys] of [...site.spy.calls.read, ...site.spy.calls.delete] as unknown as [unknown][])
      expect([kind, keys]).toEqual([kind, expect.stringMatching(/^(?:[\w-]{22}|[\w-]{43})$/)]);
    expect(await seenWith(client, site)).toEqual({ color: 'green' });
    const [record] = await site.spy.store.read([keyOf(client)]);
    expect(record).toBeDefined();
  },

  'Stored __proto__ keys are data': async ({ open, clock }) => {
    const site = await open();
    const names = ['isAdmin', 'login', 'id', 'cookie', 'toString', 'hasOwnProperty'];
    const look: Handler = ({ session }) => ({
      isAdmin: session.isAdmin ?? null,
      nested: (session.profile as Record<string, unknown> | undefined)?.isAdmin ?? null,
      global: ({} as Record<string, unknown>).isAdmin ?? null,
      own: names.filter((name) => Object.hasOwn(session, name)),
      types: [typeof session.login, typeof session.id, typeof session.cookie, typeof session.toString],
    });
    site.handle('look', look);
    site.handle('assign', (visit) => look({ ...visit, session: Object.assign(visit.session, visit.body) }));
    const untouched = {
      isAdmin: null,
      nested: null,
      global: null,
      own: [],
      types: ['function', 'string', 'object', 'function'],
    };
    const evil = '{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}}}';
    const all = `${evil.slice(0, -1)},"profile":${evil},"login":1,"id":"x","cookie":{"secure":false}}`;
    const client = await visitor(site, JSON.parse(all) as object); // through Object.assign in a handler
    expect((await client.post('/run/assign', JSON.parse(evil))).body).toEqual(untouched);
    expect((await client.get('/run/look')).body).toEqual(untouched);
    const other = await visitor(site);
    await site.spy.tamper(keyOf(other), { data: all }); // and in the row itself
    expect((await other.get('/run/look')).body).toMatchObject({ ...untouched, own: [] });
    await other.post('/run/set', { color: 'red' });
    clock.advance(120_000);
    expect((await other.get('/run/look')).body).toEqual(untouched);
    const kept = (await client.get('/run/read')).body as object;
    expect(Object.keys(kept).sort()).toEqual(['__proto__', 'constructor', 'profile']);
  },
};
