import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Client } from '../../support/client.js';
import { HANDLE, keyOf } from '../../support/ids.js';
import type { Site } from '../../support/site.js';
import { RowStore } from './support/rows.js';
import { idOf, openNew } from './support/sites.js';

/** Rows that nobody can make sense of: never an error, always a fresh session, and an event that says so. */
describe('a row', () => {
  let store: RowStore;
  let site: Site;
  let client: Client;

  beforeEach(async () => {
    store = new RowStore();
    site = await openNew(store, { cookie: { maxAge: '1h' }, absoluteTimeout: false });
    site.handle('flash', ({ session }) => session.flash('info'));
    client = site.client();
    await client.post('/run/set', { color: 'green' });
    site.events.splice(0);
  });
  afterEach(() => site.close());

  /** Everything that an application may do with the session of a bad row, each as if it were the first. */
  async function visitAll(): Promise<void> {
    const bad = new Map(store.texts);
    const handle = keyOf(idOf(client));
    for (const name of [
      'read',
      'facts',
      'set',
      'increment',
      'flash',
      'login',
      'logout',
      'rotate',
      'regenerate',
    ]) {
      const visitor = client.copy();
      const answer = await visitor.post(`/run/${name}`, { color: 'red', userId: 'ann' });
      expect([name, answer.status]).toEqual([name, 200]);
      if (name === 'read') expect(answer.body).toEqual({});
      if (name === 'facts') expect(answer.body).toMatchObject({ isNew: true });
      if (name === 'set')
        expect((await visitor.get('/run/read')).body).toEqual({ color: 'red', userId: 'ann' });
      if (name === 'increment') expect(answer.body).toEqual({ count: 1 });
      expect(site.events[0]).toEqual({ type: 'rejected', reason: 'corrupt', at: expect.any(Date), handle });
      site.events.splice(0);
      store.texts.clear();
      for (const [id, text] of bad) store.texts.set(id, text);
    }
  }

  it.each<[string, unknown]>([
    ['without a cookie', { color: 'green' }],
    ['whose cookie is null', { cookie: null, color: 'green' }],
    ['whose cookie is text', { cookie: 'sid=1', color: 'green' }],
    ['whose cookie is an array', { cookie: [], color: 'green' }],
    ['that is text', 'color=green'],
    ['that is a number', 7],
    ['that is true', true],
    ['that is an array', [{ color: 'green' }]],
  ])('%s', async (_name, row) => {
    store.texts.set(idOf(client), JSON.stringify(row));
    await visitAll();
  });

  it('that the store cannot parse', async () => {
    store.texts.set(idOf(client), '{"cookie":');
    await visitAll();
  });

  it('that JSON cannot hold', async () => {
    const { get } = store;
    const id = idOf(client);
    store.get = (asked, done): void => {
      if (asked !== id || !store.texts.has(id)) return get(asked, done);
      const cyclic: Record<string, unknown> = { cookie: {} };
      cyclic.self = cyclic;
      done(null, cyclic);
    };
    await visitAll();
  });

  describe('with facts of ours', () => {
    const WRONG: [field: string, values: unknown[]][] = [
      ['token', [1, null, {}, [], undefined]],
      ['previousToken', [1, {}, [], undefined]],
      ['previousUntil', ['1', 1.5, {}, undefined]],
      ['epoch', ['1', null, 1.5, {}, undefined]],
      ['version', ['1', null, 1.5, true, {}, 2 ** 53, undefined]],
      ['createdAt', ['1', null, 1.5, {}, 2 ** 53, 9e15, -9e15, '2026-01-01', undefined]],
      ['lastSeenAt', ['1', null, 1.5, {}, 2 ** 53, 9e15, -9e15, undefined]],
      ['authenticatedAt', ['1', 1.5, {}, 2 ** 53, true, undefined]],
      ['meta', [1, {}, [], true, undefined, '', 'text', '[]', 'null', '{"flash":']],
      ['userId', [1, {}, [], true, undefined]],
      ['ip', [1, {}, [], undefined]],
      ['userAgent', [1, {}, [], undefined]],
    ];
    const CASES = WRONG.flatMap(([field, values]) =>
      values.map((value): [string, unknown] => [field, value]),
    );

    it.each(CASES)('whose %s is %j', async (field, value) => {
      store.edit((row) => void (row.cookie.nestSession![field] = value));
      await visitAll();
    });

    it.each([null, 'text', 7, [], {}])('that are %j', async (facts) => {
      store.edit((row) => ({ ...row, cookie: { ...row.cookie, nestSession: facts } }));
      await visitAll();
    });

    it.each(['soon', '', null, undefined, {}, []])('that ends at %j', async (expires) => {
      store.edit((row) => void (row.cookie.expires = expires));
      await visitAll();
    });
  });

  describe('is read', () => {
    const read = async (): Promise<unknown> => {
      const answer = await client.get('/run/read');
      expect(site.events.map(({ type }) => type)).toContain('loaded');
      return answer.body;
    };

    it('with facts that nobody set', async () => {
      store.edit((row) => void (row.cookie.nestSession!.more = 'facts'));
      expect(await read()).toEqual({ color: 'green' });
    });

    it('without what is in the way of the session’s own members', async () => {
      const members = {
        id: 'x',
        cookie: undefined,
        login: 1,
        save: {},
        handle: 'h',
        createdAt: 0,
        color: 'red',
      };
      store.edit(({ cookie }) => ({ ...members, cookie }));
      expect(await read()).toEqual({ color: 'red' });
      const { body } = await client.get('/run/facts');
      expect(body.handle).toMatch(HANDLE);
      await client.post('/run/set', { size: 1 });
      expect(store.row()).toMatchObject({ color: 'red', size: 1 });
    });

    it('with data whose names are those of every object', async () => {
      const odd = '"__proto__":{"admin":true},"constructor":{"prototype":1},"toString":null,"color":"red"';
      const text = store.texts.get(idOf(client))!.replace('"color":"green"', odd);
      store.texts.set(idOf(client), text);
      site.handle('own', ({ session }) => ({
        text: JSON.stringify(session),
        admin: (session as { admin?: unknown }).admin ?? null,
        plain: ({} as { admin?: unknown }).admin ?? null,
      }));
      expect((await client.get('/run/own')).body).toEqual({ text: `{${odd}}`, admin: null, plain: null });
      await client.post('/run/set', { size: 1 });
      expect(store.texts.get(idOf(client))).toContain(`${odd},"size":1`);
    });
  });

  describe('of express-session', () => {
    const foreign = (cookie: object, data: object = { color: 'green' }): void =>
      void store.texts.set(idOf(client), JSON.stringify({ cookie, ...data }));

    it.each([
      ['nothing', {}],
      ['no date', { expires: 'soon', originalMaxAge: 60_000 }],
      ['a life that no date can hold', { originalMaxAge: 1e300 }],
      ['a life that is text', { originalMaxAge: 'long' }],
      ['a life that is an object', { originalMaxAge: {} }],
      [
        'attributes of no cookie',
        { path: 'x;y', sameSite: 'odd', secure: 7, domain: '\n', originalMaxAge: 60_000 },
      ],
    ])('whose cookie holds %s is read, written and read again', async (_name, cookie) => {
      foreign(cookie);
      expect(await client.get('/run/read')).toMatchObject({ status: 200, body: { color: 'green' } });
      expect((await client.post('/run/set', { size: 1 })).status).toBe(200);
      expect((await client.get('/run/read')).body).toEqual({ color: 'green', size: 1 });
    });

    it.each([0, -1, -1e300])('whose life was %d milliseconds is over', async (originalMaxAge) => {
      foreign({ originalMaxAge });
      expect((await client.get('/run/read')).body).toEqual({});
      expect(site.events[0]).toMatchObject({ type: 'rejected', reason: 'expired' });
    });
  });

  it.each([null, undefined, false, 0, ''])('that is %j is none', async (row) => {
    store.get = (_id, done) => done(null, row);
    expect((await client.get('/run/read')).body).toEqual({});
    expect(site.events).toEqual([expect.objectContaining({ type: 'rejected', reason: 'unknown' })]);
  });
});
