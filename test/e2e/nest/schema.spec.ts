import { type } from 'arktype';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import * as v from 'valibot';
import { z } from 'zod';
import type { SessionModuleOptions } from '../../../lib/index.js';
import { BACKENDS, type Backend, FRAMEWORKS, type KINDS, type AnySite } from '../../support/site.js';

/** "A cart of SKUs, and a name that may be missing", in three languages. */
const SCHEMAS: [name: string, schema: NonNullable<SessionModuleOptions['schema']>][] = [
  ['zod', z.object({ cart: z.array(z.string()), name: z.string().optional() })],
  ['valibot', v.object({ cart: v.array(v.string()), name: v.optional(v.string()) })],
  ['arktype', type({ cart: 'string[]', 'name?': 'string', '+': 'delete' })],
];

const closing: (() => Promise<unknown>)[] = [];

async function backendOf(kind: (typeof KINDS)[number] = 'memory'): Promise<Backend> {
  const backend = await BACKENDS[kind]();
  closing.push(() => backend.close());
  return backend;
}

/** The same visitor at another release. */
function visit(site: AnySite, { cookies }: { cookies: Map<string, string> }): ReturnType<AnySite['client']> {
  const client = site.client();
  for (const [name, value] of cookies) client.cookies.set(name, value);
  return client;
}

describe.each(FRAMEWORKS)('data under a schema ($adapter)', ({ openSite, kinds }) => {
  afterEach(async () => {
    jest.restoreAllMocks();
    for (const close of closing.splice(0).reverse()) await close();
  });

  /** A release of the application. */
  async function release(backend: Backend, options: Partial<SessionModuleOptions> = {}): Promise<AnySite> {
    const site = await openSite(backend, options);
    closing.push(() => site.close());
    return site;
  }

  describe.each(SCHEMAS)('a schema of %s', (_, schema) => {
    it('lets data pass that matches', async () => {
      const site = await release(await backendOf(), { schema });
      const client = site.client();
      await client.post('/run/set', { cart: ['a'], name: 'Ada' });
      expect((await client.get('/run/read')).body).toEqual({ cart: ['a'], name: 'Ada' });
    });

    it('keeps data that does not match from being stored, and says where it is wrong', async () => {
      const site = await release(await backendOf(), { schema });
      const client = site.client();
      await client.post('/run/set', { cart: ['a'] });
      site.handle('wrong', ({ session }) => void (session.cart as unknown[]).push({ secret: 'hush' }));
      expect((await client.post('/run/wrong')).status).toBe(500);
      expect((await client.get('/run/read')).body).toEqual({ cart: ['a'] });
      site.handle('told', async ({ session }) => {
        (session.cart as unknown[]).push({ secret: 'hush' });
        const told = await session.save().catch(({ name, message }: Error) => ({ name, message }));
        (session.cart as unknown[]).pop();
        return told;
      });
      expect((await client.post('/run/told')).body).toEqual({
        name: 'SessionDataError',
        message:
          'The session data does not match the option "schema" at: "cart"; correct the data or the schema.',
      });
      expect((await client.get('/run/read')).body).toEqual({ cart: ['a'] });
    });

    it('keeps a new session from being stored whose data does not match', async () => {
      const site = await release(await backendOf(), { schema });
      const answer = await site.client().post('/run/set', { cart: 'not a list' });
      expect([answer.status, answer.setCookies]).toEqual([500, []]);
      expect(site.spy.count('create')).toBe(0);
    });

    it('gives a fresh session for stored data that does not match, and an event', async () => {
      const backend = await backendOf();
      const client = (await release(backend)).client();
      await client.post('/run/set', { cart: 'not a list' });
      const site = await release(backend, { schema });
      const answer = await visit(site, client).get('/run/read');
      expect([answer.status, answer.body]).toEqual([200, {}]);
      expect(site.events).toMatchObject([{ type: 'rejected', reason: 'corrupt' }]);
      expect(JSON.stringify(site.events)).not.toContain('not a list');
    });

    it('puts data as it returns it, and stores that once', async () => {
      const backend = await backendOf();
      const client = (await release(backend)).client();
      await client.post('/run/set', { cart: ['a'], unknown: 1 });
      const site = await release(backend, { schema });
      const later = visit(site, client);
      expect((await later.get('/run/read')).body).toEqual({ cart: ['a'] });
      expect(site.spy.count('update')).toBe(1);
      await later.get('/run/read');
      expect(site.spy.count('update')).toBe(1);
    });
  });

  describe.each(kinds)('data of an older release, kept in %s', (kind) => {
    const migrate = (data: Record<string, unknown>, from: number): Record<string, unknown> => {
      const { basket, ...rest } = data;
      return from < 2 ? { ...rest, cart: basket, migratedFrom: from } : data;
    };

    it('is brought up to date when it is loaded, and stored so with the first request', async () => {
      const backend = await backendOf(kind);
      const client = (await release(backend)).client();
      await client.post('/run/set', { basket: ['a'] });
      const site = await release(backend, { version: 2, migrate });
      const later = visit(site, client);
      const upToDate = { cart: ['a'], migratedFrom: 0 };
      expect((await later.get('/run/read')).body).toEqual(upToDate);
      const plain = await release(backend, { version: 2 });
      expect((await visit(plain, client).get('/run/read')).body).toEqual(upToDate);
    });

    it('is not migrated again, neither what was migrated nor what is new', async () => {
      const backend = await backendOf(kind);
      const first = await release(backend, { version: 1 });
      const client = first.client();
      await client.post('/run/set', { basket: ['a'] });
      let runs = 0;
      const counted: typeof migrate = (data, from) => (runs++, migrate(data, from));
      const site = await release(backend, { version: 2, migrate: counted });
      const later = visit(site, client);
      expect((await later.get('/run/read')).body).toEqual({ cart: ['a'], migratedFrom: 1 });
      await later.get('/run/read');
      const fresh = site.client();
      await fresh.post('/run/set', { cart: [] });
      await fresh.get('/run/read');
      expect(runs).toBe(1);
    });

    it('is left alone by an older release', async () => {
      const backend = await backendOf(kind);
      const client = (await release(backend, { version: 3, migrate })).client();
      await client.post('/run/set', { later: true });
      const older = await release(backend, { version: 2, migrate });
      expect((await visit(older, client).get('/run/read')).body).toEqual({ later: true });
    });

    it('stays of the newest version and loses nothing, though an older release reads and writes beside', async () => {
      const backend = await backendOf(kind);
      const newest = await release(backend, { version: 2, migrate });
      const client = newest.client();
      await client.post('/run/set', { cart: ['ink'] });
      const older = await release(backend, {
        version: 1,
        schema: z.object({ basket: z.array(z.string()).optional() }),
      });
      const beside = visit(older, client);
      older.handle('flash', ({ session }) => session.flash('notice', 'hi'));
      await beside.get('/run/read');
      await beside.get('/run/flash');
      await beside.post('/run/set', { basket: ['old'] });
      const { body } = await client.get('/run/read');
      expect(body).toEqual({ cart: ['ink'], basket: ['old'] });
    });

    it('keeps its version through a change of its cookie, a flash value, a new id and a login', async () => {
      const backend = await backendOf(kind);
      const site = await release(backend, { version: 2 });
      const client = site.client();
      await client.post('/run/set', { cart: ['a'] });
      site.handle('remember', ({ session }) => void (session.cookie.maxAge = 60_000));
      site.handle('flash', ({ session }) => session.flash('notice', 'saved'));
      for (const step of ['remember', 'flash', 'rotate']) await client.get(`/run/${step}`);
      await client.post('/run/login', { userId: 'ada' });
      let runs = 0;
      const later = await release(backend, { version: 2, migrate: (data) => (runs++, data) });
      expect((await visit(later, client).get('/run/read')).body).toEqual({ cart: ['a'], userId: 'ada' });
      expect(runs).toBe(0);
    });

    it('is brought up to date also where a change meets it', async () => {
      const backend = await backendOf(kind);
      const older = await release(backend, { version: 1 });
      const site = await release(backend, { version: 2, migrate });
      const client = older.client();
      await client.post('/run/set', { basket: ['a'] });
      const later = visit(site, client);
      site.handle('slow', async ({ session }) => {
        await client.post('/run/set', { basket: ['a', 'b'] });
        session.seen = true;
      });
      await later.get('/run/slow');
      expect((await later.get('/run/read')).body).toEqual({ cart: ['a', 'b'], migratedFrom: 1, seen: true });
    });
  });

  describe('a migration that fails', () => {
    it.each([
      [
        'throws',
        () => {
          throw new TypeError('the basket is "hush"');
        },
      ],
      ['rejects', () => Promise.reject(new TypeError('the basket is "hush"'))],
      ['returns no object', () => 'hush' as never],
      ['returns nothing', () => undefined as never],
      ['returns what JSON cannot hold', () => ({ basket: new Set(['hush']) })],
      ['throws a SyntaxError', () => JSON.parse('hush') as never],
    ] as [string, NonNullable<SessionModuleOptions['migrate']>][])(
      'because it %s gives a fresh session, an event, and tells nothing of the data',
      async (how, migrate) => {
        const warned: string[] = [];
        jest.spyOn(process, 'emitWarning').mockImplementation((warning) => void warned.push(String(warning)));
        const backend = await backendOf();
        const client = (await release(backend)).client();
        await client.post('/run/set', { basket: 'hush' });
        const site = await release(backend, { version: 2, migrate });
        const answer = await visit(site, client).get('/run/read');
        expect([answer.status, answer.body]).toEqual([200, {}]);
        expect(site.events).toMatchObject([{ type: 'rejected', reason: 'corrupt' }]);
        expect(warned.join()).not.toContain('hush');
        expect(warned).toHaveLength(1);
        expect(warned[0]).toContain(
          ['throws', 'rejects', 'returns what JSON cannot hold'].includes(how) ? 'TypeError' : 'SyntaxError',
        );
      },
    );
  });

  describe('a function of the application that never settles', () => {
    const never = (): Promise<never> => new Promise(() => undefined);
    const schema = (validate: () => unknown): NonNullable<SessionModuleOptions['schema']> =>
      ({ '~standard': { version: 1, vendor: 'test', validate } }) as never;

    it.each<[string, Partial<SessionModuleOptions>]>([
      ['migrate', { version: 2, migrate: never }],
      ['schema', { schema: schema(never) }],
    ])(
      '%s: fails the request, names the option, and gives the session up for nobody',
      async (name, options) => {
        const backend = await backendOf();
        const client = (await release(backend)).client();
        await client.post('/run/set', { basket: ['a'] });
        const site = await release(backend, { ...options, storeTimeout: 500 });
        const answer = await visit(site, client).get('/run/read');
        expect([answer.status, answer.setCookies]).toEqual([500, []]);
        expect(site.events).toEqual([]);
        const lazy = await release(backend, { ...options, storeTimeout: 500, load: 'lazy' });
        lazy.handle('load', ({ req }) => lazy.sessions.load(req).catch(({ message }: Error) => message));
        expect((await visit(lazy, client).get('/plain/load')).text).toBe(
          `The promise of the option "${name}" did not settle within 500 ms, so the session could not be used; check that it settles, or raise "storeTimeout".`,
        );
        const mended = await release(backend, { version: 2, migrate: (data) => ({ ...data, mended: true }) });
        expect((await visit(mended, client).get('/run/read')).body).toEqual({ basket: ['a'], mended: true });
      },
    );

    it('is an error of save(), too, and nothing is stored', async () => {
      const backend = await backendOf();
      let isSilent = false;
      const validate = (): unknown => (isSilent ? never() : { value: {} });
      const site = await release(backend, { schema: schema(validate), storeTimeout: 500 });
      site.handle('save', async ({ session }) => {
        session.n = 1;
        isSilent = true;
        const told = await session.save().catch(({ code }: { code: string }) => ({ code }));
        delete session.n;
        return told;
      });
      expect((await site.client().get('/run/save')).body).toEqual({ code: 'SESSION_USAGE' });
      expect(site.spy.count('create')).toBe(0);
    });
  });

  it('warns once of a migration that throws, however many requests meet it', async () => {
    const warned: string[] = [];
    jest.spyOn(process, 'emitWarning').mockImplementation((warning) => void warned.push(String(warning)));
    const backend = await backendOf();
    const old = await release(backend);
    const clients = [old.client(), old.client(), old.client()];
    for (const client of clients) await client.post('/run/set', { basket: 'hush' });
    const migrate = (): never => {
      throw new TypeError('no');
    };
    const site = await release(backend, { version: 2, migrate });
    for (const client of clients) expect((await visit(site, client).get('/run/read')).body).toEqual({});
    expect(site.events.map(({ type }) => type)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(warned).toHaveLength(1);
  });

  describe('the options', () => {
    const backend = { store: undefined } as unknown as Backend;

    it.each([
      [{ schema: {} }, /option "schema".*Standard Schema/],
      [{ schema: 5 }, /option "schema": 5 was given/],
      [{ version: 0 }, /option "version": 0 was given/],
      [{ version: 1.5 }, /option "version": 1.5 was given/],
      [{ migrate: 'up', version: 1 }, /option "migrate"/],
      [{ migrate: (data: Record<string, unknown>) => data }, /option "version".*"migrate"/],
    ])('%j stop the start', async (options, message) => {
      const { store } = await backendOf();
      await expect(openSite({ ...backend, store }, options as never)).rejects.toThrow(message);
    });
  });

  it.each(kinds)('a save() stores what was migrated, once (%s)', async (kind) => {
    const backend = await backendOf(kind);
    const before = await release(backend);
    const client = before.client();
    await client.post('/run/set', { amount: 1 });
    const migrate = (data: Record<string, unknown>) => ({ ...data, amount: (data.amount as number) * 100 });
    const after = await release(backend, { version: 1, migrate });
    after.handle('save', ({ session }) => session.save());
    for (let i = 0; i < 3; i++) {
      await visit(after, client).get('/run/save');
      expect((await visit(after, client).get('/run/read')).body).toEqual({ amount: 100 });
    }
  });
});
