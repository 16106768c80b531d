import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ExpressStoreAdapter } from '../../../lib/express/index.js';
import { SessionCapabilityError, type SessionEvent, SessionHealthIndicator } from '../../../lib/index.js';
import type { Client } from '../../support/client.js';
import { MINUTE, TestClock } from '../../support/clock.js';
import { keyOf, tokenOf } from '../../support/ids.js';
import type { Site } from '../../support/site.js';
import { RowStore } from './support/rows.js';
import { idOf, openNew } from './support/sites.js';

const secretOf = (id: string): string => id.slice(id.indexOf('~') + 1);

let store: RowStore;
let site: Site;

describe('capabilities', () => {
  beforeEach(() => {
    store = new RowStore();
  });
  afterEach(() => site.close());

  async function visitor(data: Record<string, unknown> = { color: 'green' }): Promise<Client> {
    const client = site.client();
    await client.post('/run/set', data);
    return client;
  }

  const handlesOf = (events: readonly SessionEvent[]): unknown[] =>
    events.map((event) => (event as { handle?: unknown }).handle);

  describe('what a store for express-session cannot do', () => {
    beforeEach(async () => {
      site = await openNew(store);
    });

    it.each<[string, (site: Site, handle: string) => Promise<unknown>]>([
      ['list the sessions of a user', ({ sessions }) => sessions.list('ann')],
      ['end the sessions of a user', ({ sessions }) => sessions.revokeAll('ann')],
      ['end all sessions', ({ sessions }) => sessions.revokeEverything()],
      ['count sessions', ({ sessions }) => sessions.count()],
      ['count sessions', ({ sessions }) => sessions.count({ userId: 'ann' })],
      ['find a session by its handle', ({ sessions }, handle) => sessions.get(handle)],
      ['find a session by its handle', ({ sessions }, handle) => sessions.revoke(handle)],
      ['find a session by its handle', ({ sessions }, handle) => sessions.revoke(handle, { userId: 'ann' })],
    ])('%s: is refused, naming the store', async (capability, call) => {
      const client = await visitor();
      store.calls.splice(0);
      const error = await call(site, keyOf(idOf(client))).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(SessionCapabilityError);
      expect((error as Error).message).toContain(`ExpressStoreAdapter cannot ${capability};`);
      expect(store.calls).toEqual([]);
    });

    it('prune() has nothing to do: the store drops what has expired by itself', async () => {
      await visitor();
      store.calls.splice(0);
      expect(await site.sessions.prune()).toBe(0);
      expect(store.calls).toEqual([]);
    });

    it.each([
      [{ maxSessionsPerUser: 3 }, 'count the sessions of a user ("maxSessionsPerUser")'],
      [{ rotateInterval: '10m' }, 'renew ids on a schedule ("rotateInterval")'],
    ])('%j is refused when the application starts', async (options, capability) => {
      const isRefusedAlways = 'maxSessionsPerUser' in options;
      for (const given of [
        store,
        ...(isRefusedAlways ? [new ExpressStoreAdapter(store, { hashIds: true })] : []),
      ]) {
        const opened = openNew(given, options);
        await expect(opened).rejects.toBeInstanceOf(SessionCapabilityError);
        await expect(opened).rejects.toThrow(`ExpressStoreAdapter cannot ${capability};`);
      }
      expect(store.calls).toEqual([]);
    });
  });

  describe('ids', () => {
    it('are the keys of the rows, and show nowhere else', async () => {
      site = await openNew(store);
      const ids = new Set<string>();
      const client = await visitor();
      ids.add(idOf(client));
      const handle = keyOf(idOf(client));
      expect((await client.get('/run/facts')).body.handle).toBe(handle);
      expect([...store.texts.keys()]).toEqual([idOf(client)]);
      const stolen = client.copy();
      await client.post('/run/login', { userId: 'ann' });
      ids.add(idOf(client));
      await client.post('/run/rotate');
      ids.add(idOf(client));
      expect([...store.texts.keys()]).toEqual([idOf(client)]);
      expect((await stolen.get('/run/read')).body).toEqual({});
      store.edit((row) => void (row.cookie.nestSession!.version = 'odd'));
      await client.copy().get('/run/read');
      store.edit((row) => void (row.cookie.nestSession!.version = 7));
      await client.post('/run/logout');
      const kinds = site.events.map(({ type }) => type);
      expect(new Set(kinds)).toEqual(new Set(['created', 'loaded', 'rotated', 'rejected', 'destroyed']));
      expect(ids.size).toBe(3);
      const told = JSON.stringify(site.events);
      expect(new Set(handlesOf(site.events))).toEqual(new Set([handle]));
      for (const id of ids) expect(told).not.toContain(secretOf(id));
    });

    describe('with hashIds', () => {
      beforeEach(async () => {
        site = await openNew(new ExpressStoreAdapter(store, { hashIds: true }));
      });

      it('never reach the store, nor do they stand in a row', async () => {
        const ids: string[] = [];
        const seen: string[] = [];
        const { set } = store;
        store.set = (id, session, done) => {
          seen.push(JSON.stringify([id, session]));
          set(id, session, done);
        };
        const client = await visitor();
        ids.push(idOf(client));
        await client.get('/run/read');
        await client.post('/run/login', { userId: 'ann' });
        ids.push(idOf(client));
        await client.post('/run/rotate');
        ids.push(idOf(client));
        const stolen = client.copy();
        await client.post('/run/logout');
        await stolen.post('/run/set', { late: 1 });
        ids.push(idOf(stolen));
        expect(new Set(ids).size).toBe(4);
        const told = [...seen, ...store.calls.map(String)].join();
        for (const id of ids) {
          expect(told).toContain(keyOf(id));
          expect(told).toContain(tokenOf(id));
          expect(told).not.toContain(secretOf(id));
        }
      });

      it('sessions are found and ended by their handles', async () => {
        const client = await visitor();
        const { body } = await client.get('/run/facts');
        expect(body.handle).toBe(keyOf(idOf(client)));
        expect(await site.sessions.get(body.handle as string)).toMatchObject({
          handle: body.handle,
          userId: undefined,
          createdAt: new Date(body.createdAt as string),
          authenticatedAt: undefined,
        });
        expect(await site.sessions.revoke(body.handle as string)).toBe(true);
        expect(await site.sessions.revoke(body.handle as string)).toBe(false);
        expect(await site.sessions.get(body.handle as string)).toBeUndefined();
        expect((await client.get('/run/read')).body).toEqual({});
        expect(site.events).toContainEqual(
          expect.objectContaining({ type: 'destroyed', reason: 'revoked', handle: body.handle }),
        );
      });

      it.each([
        '../../secrets',
        'config',
        'x'.repeat(42),
        'x'.repeat(44),
        `${'x'.repeat(42)}.`,
        `${'x'.repeat(43)}\n`,
      ])('a handle that no session can have is not looked up (%j)', async (handle) => {
        store.texts.set(handle, JSON.stringify({ cookie: {} }));
        expect(await site.sessions.get(handle)).toBeUndefined();
        expect(await site.sessions.revoke(handle)).toBe(false);
        expect(store.calls).toEqual([]);
      });

      it('ending a session for its user alone is refused: the store cannot delete on a condition', async () => {
        const client = await visitor();
        await client.post('/run/login', { userId: 'ann' });
        const handle = keyOf(idOf(client));
        const ended = site.sessions.revoke(handle, { userId: 'ann' });
        await expect(ended).rejects.toThrow('ExpressStoreAdapter cannot end a session of a user');
        expect((await client.get('/run/read')).body).toMatchObject({ userId: 'ann' });
      });

      it('ids are renewed on a schedule: the row stays where it is', async () => {
        const clock = new TestClock();
        const renewing = await openNew(new ExpressStoreAdapter(store, { hashIds: true }), {
          rotateInterval: '10m',
        });
        const client = renewing.client();
        await client.post('/run/set', { color: 'green' });
        const old = client.copy();
        clock.advance(11 * MINUTE);
        await client.get('/run/read');
        expect(idOf(client)).not.toBe(idOf(old));
        expect([...store.texts.keys()]).toEqual([keyOf(idOf(old))]);
        for (const each of [old, client])
          expect((await each.get('/run/read')).body).toEqual({ color: 'green' });
        expect(idOf(old)).toBe(idOf(client)); // it was handed on
        await renewing.close();
        clock.restore();
      });

      it('the health check asks the store', async () => {
        const health = site.app.get(SessionHealthIndicator);
        expect(await health.isHealthy('store')).toEqual({ store: { status: 'up' } });
        expect(store.calls.map(([method]) => method)).toEqual(['get']);
        store.before = () => {
          throw new Error('down');
        };
        expect(await health.isHealthy('store')).toMatchObject({ store: { status: 'down' } });
      });

      it('sessions that were stored under their ids are not found', async () => {
        const client = await visitor();
        const [key] = [...store.texts.keys()];
        store.texts.set(idOf(client), store.texts.get(key!)!);
        store.texts.delete(key!);
        expect((await client.get('/run/read')).body).toEqual({});
      });

      it('what they cannot do otherwise is refused as well', async () => {
        await expect(site.sessions.list('ann')).rejects.toThrow('ExpressStoreAdapter cannot list');
        await expect(site.sessions.revokeAll('ann')).rejects.toBeInstanceOf(SessionCapabilityError);
        await expect(site.sessions.count()).rejects.toBeInstanceOf(SessionCapabilityError);
      });
    });
  });
});
