import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ExpressStoreAdapter } from '../../../lib/express/index.js';
import { InMongo, type MongoRow } from '../../e2e/express-stores/support/mongo.js';
import { at, idOf, type OldSite, openNew, openOld } from '../../e2e/express-stores/support/sites.js';
import type { Site } from '../../support/site.js';

/** What is particular to connect-mongo: its rows, its settings, and what its server removes. */
describe('connect-mongo', () => {
  const mongo = new InMongo();
  const ends: (() => Promise<void>)[] = [];

  beforeAll(() => mongo.before());
  afterAll(() => mongo.after());
  beforeEach(() => mongo.clear());
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
  });

  async function openWith(settings: object, options = {}): Promise<Site> {
    const site = await openNew(mongo.open(settings), options);
    ends.push(() => site.close());
    return site;
  }

  async function openOldWith(settings: object): Promise<OldSite> {
    const site = await openOld(mongo.open(settings));
    ends.push(() => site.close());
    return site;
  }

  const onlyRow = async (): Promise<MongoRow> => (await mongo.rows.find().sort({ _id: 1 }).toArray())[0]!;

  it('has an index by which the server removes rows whose session has expired, and does so', async () => {
    const site = await openWith({});
    const client = site.client();
    await client.post('/run/set', { color: 'green' });
    const indexes = await mongo.rows.listIndexes().toArray();
    expect(indexes).toContainEqual(expect.objectContaining({ key: { expires: 1 }, expireAfterSeconds: 0 }));
    await mongo.rows.updateOne({ _id: idOf(client) }, { $set: { expires: new Date(Date.now() - 1_000) } });
    // Servers look every minute.
    for (const end = Date.now() + 150_000; (await mongo.ids()).length > 0; await pause(500))
      expect(Date.now()).toBeLessThan(end);
  });

  it('keeps a session as JSON text, with its deadline in the row and in the text', async () => {
    const client = (await openWith({}, { idleTimeout: '1h' })).client();
    await client.post('/run/set', { color: 'green' });
    const { _id, session, expires } = await onlyRow();
    expect(_id).toBe(idOf(client));
    const content = JSON.parse(session as string) as { cookie: { expires: string } };
    expect(content).toMatchObject({ color: 'green', cookie: { nestSession: { epoch: 1 } } });
    expect(new Date(content.cookie.expires)).toEqual(expires);
  });

  it('with stringify: false keeps an object; a Date that express-session stored becomes text with the next change', async () => {
    const settings = { stringify: false };
    const [old, site] = [await openOldWith(settings), await openWith(settings)];
    old.handle('date', ({ session }) => void (session.since = new Date(0)));
    const browser = old.client();
    await browser.get('/run/date');
    expect(((await onlyRow()).session as { since: unknown }).since).toEqual(new Date(0));
    const here = at(site, browser);
    expect((await here.get('/run/read')).body).toEqual({ since: '1970-01-01T00:00:00.000Z' });
    await here.post('/run/set', { color: 'green' });
    expect((await onlyRow()).session).toMatchObject({ since: '1970-01-01T00:00:00.000Z', color: 'green' });
    expect((await browser.get('/run/read')).body).toEqual({
      since: '1970-01-01T00:00:00.000Z',
      color: 'green',
    });
  });

  it('with touchAfter adds lastModified to the data that is read, and stores changes and touches all the same', async () => {
    const settings = { touchAfter: 24 * 3600 };
    const site = await openWith(settings, { touchInterval: 0 });
    const client = site.client();
    await client.post('/run/set', { color: 'green' });
    const { lastModified, expires } = await onlyRow();
    expect(lastModified).toBeInstanceOf(Date);
    expect((await client.get('/run/read')).body).toEqual({
      color: 'green',
      lastModified: (lastModified as Date).toISOString(),
    });
    await client.post('/run/set', { size: 1 });
    const after = await onlyRow();
    expect(after.expires.getTime()).toBeGreaterThanOrEqual(expires.getTime());
    expect(JSON.parse(after.session as string)).toMatchObject({ color: 'green', size: 1 });
    expect(JSON.parse(after.session as string)).not.toHaveProperty('lastModified');
  });

  it('encrypted, cannot be read in the database; with another secret its rows are an error of the store', async () => {
    const site = await openWith({ crypto: { secret: 'one' } });
    const client = site.client();
    await client.post('/run/set', { color: 'green' });
    expect((await onlyRow()).session).not.toContain('green');
    const other = at(await openWith({ crypto: { secret: 'another' } }), client);
    expect((await other.get('/run/read')).status).toBe(503);
    expect((await client.get('/run/read')).body).toEqual({ color: 'green' });
  });

  it('under keys (hashIds), contains no id, and finds and ends a session by its handle', async () => {
    const store = new ExpressStoreAdapter(mongo.open(), { hashIds: true });
    const site = await openNew(store);
    ends.push(() => site.close());
    const client = site.client();
    await client.post('/run/login', { userId: 'ann' });
    const { handle } = (await client.get('/run/facts')).body as { handle: string };
    const row = await onlyRow();
    expect(row._id).toBe(handle);
    expect(JSON.stringify(row)).not.toContain(idOf(client));
    expect(await site.sessions.revoke(handle)).toBe(true);
    expect((await client.get('/run/read')).body).toEqual({});
    expect(await mongo.ids()).toEqual([]);
  });
});
