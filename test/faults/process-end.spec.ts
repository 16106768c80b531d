import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from '../support/client.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { AppProcess } from './support/app-process.js';
import { prepareTable, Stranger } from './support/database.js';
import { Load } from './support/load.js';

/** An application that ends under load: at once, and in good order. */
describe('a process that ends under load', () => {
  let database: TestDatabase;
  let app: AppProcess;
  let load: Load;

  beforeAll(async () => {
    database = await createDatabase();
    await prepareTable(database.url);
  });
  afterEach(async () => {
    await load.stop();
    await app.kill();
  });
  afterAll(() => database.drop());

  it('by SIGKILL: every acknowledged change is there for the next one', async () => {
    app = await AppProcess.start({ url: database.url });
    load = await Load.begin(app.base, 16);
    await load.until(201, 200);
    await app.kill();
    await load.until(0);
    await load.stop();
    app = await AppProcess.start({ url: database.url });
    expect(await load.lost(app.base)).toEqual([]);
    expect([...load.statuses.keys()].sort()).toEqual([0, 201]);
  });

  it('by app.close(): requests under way finish with their sessions saved, and nothing stays open', async () => {
    app = await AppProcess.start({ url: database.url });
    const client = new Client(app.base);
    await client.post('/set', { start: true });
    load = await Load.begin(app.base, 8);
    await load.until(201);

    const held = app.holding();
    const underWay = client.post('/hold', { finished: true });
    await held;
    const closed = app.close();
    await load.until(0); // nobody is let in any more
    app.release();
    expect((await underWay).status).toBe(201);
    expect(await closed).toEqual({ code: 0, output: '' });
    await load.stop();

    const observer = await Stranger.at(database.url);
    expect(await observer.connections()).toBe(0);
    await observer.close();
    app = await AppProcess.start({ url: database.url });
    expect(await load.lost(app.base)).toEqual([]);
    const later = new Client(app.base);
    later.headers.cookie = client.cookieHeader;
    expect((await later.get('/read')).body).toEqual({ start: true, finished: true });
  });
});
