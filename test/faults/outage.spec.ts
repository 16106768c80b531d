import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Client } from '../support/client.js';
import { AppProcess } from './support/app-process.js';
import { prepareTable, Stranger } from './support/database.js';
import { Load } from './support/load.js';
import { type Proxy, startProxy } from './support/proxy.js';
import { type OwnServer, startServer } from './support/server.js';

const PATIENCE = 60_000;

/** One process lives through every outage there is. A request that hangs shows as the time-out of its test. */
describe('a database that goes away under load', () => {
  let server: OwnServer;
  let proxy: Proxy;
  let app: AppProcess;
  let load: Load;

  beforeAll(async () => {
    server = await startServer();
    await prepareTable(server.url);
    proxy = await startProxy(server.url);
    app = await AppProcess.start({ url: proxy.url, options: { load: 'lazy', storeTimeout: 500 } });
  }, PATIENCE);
  beforeEach(async () => {
    load = await Load.begin(app.base, 16);
    await load.until(201);
  });
  afterEach(async () => {
    await load.stop();
    proxy.drop(); // what is stranded
    proxy.raise();
  });
  afterAll(async () => {
    await app.kill();
    await proxy.close();
    await server.remove();
  });

  /** Nothing but successes and polite refusals, nothing acknowledged that is not there, and nothing left uncaught. */
  async function expectRecovered(): Promise<void> {
    await load.until(201, 100);
    await load.stop();
    expect([...load.statuses.keys()].filter((status) => ![201, 503].includes(status))).toEqual([]);
    expect(load.rude).toBe(0);
    expect(await load.lost(app.base)).toEqual([]);
    expect({ isRunning: app.isRunning, output: app.output }).toEqual({ isRunning: true, output: '' });
  }

  async function expectPlainRoutesServed(): Promise<void> {
    expect(await new Client(app.base).get('/plain')).toMatchObject({ status: 200, body: { plain: true } });
  }

  it.each(['stop', 'kill'] as const)(
    'by %s(): 503 with Retry-After, and everything goes on when it is back',
    async (end) => {
      await server[end]();
      await load.until(503);
      await expectPlainRoutesServed();
      expect((await new Client(app.base).post('/set', { a: 1 })).status).toBe(503);
      await server.start();
      await expectRecovered();
    },
    PATIENCE,
  );

  it(
    'without a word: requests that hang with it are given up after storeTimeout',
    async () => {
      proxy.freeze();
      await load.until(503);
      await expectPlainRoutesServed();
      proxy.thaw();
      await expectRecovered();
    },
    PATIENCE,
  );

  it(
    'for good, and another one takes its place: connections that lead nowhere are replaced',
    async () => {
      proxy.strand();
      await load.until(503, 1);
      await expectPlainRoutesServed();
      await expectRecovered();
    },
    PATIENCE,
  );

  it(
    'in part: connections that are cut again and again cost the requests on them, and no more',
    async () => {
      const stranger = await Stranger.at(server.url);
      for (let times = 0; times < 10; times++) {
        await load.until(201);
        await stranger.terminate();
      }
      await stranger.close();
      await expectRecovered();
    },
    PATIENCE,
  );

  it(
    'while the application closes: that ends all the same',
    async () => {
      await server.kill();
      await load.until(503);
      expect(await app.close()).toEqual({ code: 0, output: '' });
    },
    PATIENCE,
  );
});
