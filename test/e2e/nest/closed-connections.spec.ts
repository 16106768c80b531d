import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { type SessionModuleOptions, SessionOptionsError } from '../../../lib/index.js';
import { SessionEntity, TypeOrmSessionStore } from '../../../lib/stores/typeorm/index.js';
import { createDatabase, type TestDatabase } from '../../support/database.js';
import { createMysqlDatabase, MYSQL_URL } from '../../support/mysql.js';
import { openSite, type Site } from '../../support/site.js';

interface Database {
  readonly type: 'sqljs' | 'postgres' | 'mysql';
  readonly create?: () => Promise<TestDatabase>;
  /** Ends the driver's own pool, under the `DataSource`. */
  readonly endPool?: (driver: Driver) => Promise<void>;
}

interface Driver {
  readonly master: { end(): Promise<void> };
  readonly pool: { end(done: () => void): void };
}

const DATABASES: Database[] = [
  { type: 'sqljs' },
  { type: 'postgres', create: createDatabase, endPool: ({ master }) => master.end() },
];
if (MYSQL_URL !== undefined)
  DATABASES.push({
    type: 'mysql',
    create: createMysqlDatabase,
    endPool: ({ pool }) => new Promise((resolve) => pool.end(resolve)),
  });

/** An application that closes its connections is as one whose database is away: not one that was set up wrongly. */
describe.each(DATABASES)(
  'connections that the application has closed ($type)',
  ({ type, create, endPool }) => {
    let database: TestDatabase | undefined;
    let dataSource: DataSource;
    let site: Site;

    beforeAll(async () => {
      database = await create?.();
    });
    afterAll(() => database?.drop());
    afterEach(async () => {
      await site.close();
      if (dataSource.isInitialized) await dataSource.destroy().catch(() => undefined);
    });

    async function open(options: Partial<SessionModuleOptions> = {}) {
      const settings = { type, url: database?.url, entities: [SessionEntity], synchronize: true };
      dataSource = await new DataSource(settings as DataSourceOptions).initialize();
      const store = new TypeOrmSessionStore(dataSource, { pruneInterval: false });
      site = await openSite({ kind: type, store, close: () => Promise.resolve() }, options);
      const client = site.client();
      await client.post('/run/set', { color: 'green' });
      return client;
    }

    const failures = () => site.events.filter((event) => event.type === 'storeError');

    it('dataSource.destroy(): 503 with Retry-After and an event, until it is opened again', async () => {
      const client = await open();
      await dataSource.destroy();
      const answer = await client.get('/run/read');
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toBe('1');
      expect(failures().map(({ error }) => String(error.cause))).toEqual([
        expect.stringMatching(/DataSource .* was closed while the application was running/),
      ]);
      expect((await site.client().post('/run/set', { color: 'red' })).status).toBe(503);
      await expect(site.sessions.list('ada')).rejects.toMatchObject({ statusCode: 503 });
      expect(failures()).toHaveLength(3);

      await dataSource.initialize();
      const found = type === 'sqljs' ? {} : { color: 'green' }; // sql.js keeps it in memory
      expect(await client.get('/run/read')).toMatchObject({ status: 200, body: found });
      expect((await client.post('/run/set', { color: 'red' })).status).toBe(200);
      expect((await client.get('/run/read')).body).toEqual({ color: 'red' });
    });

    it('onStoreError: "anonymous" goes on without a session', async () => {
      const client = await open({ onStoreError: 'anonymous' });
      await dataSource.destroy();
      expect(await client.get('/run/read')).toMatchObject({ status: 200, body: {} });
      expect(failures()).toHaveLength(1);
    });

    if (endPool !== undefined)
      it('a pool of the driver that was ended: the same', async () => {
        const client = await open();
        await endPool(dataSource.driver as unknown as Driver);
        const answer = await client.get('/run/read');
        expect(answer.status).toBe(503);
        expect(answer.headers.get('retry-after')).toBe('1');
        expect(failures()).toHaveLength(1);
      });

    it('at the start it is still an option that is wrong', async () => {
      await open();
      await site.close();
      await dataSource.destroy();
      const store = new TypeOrmSessionStore(dataSource, { pruneInterval: false });
      const starting = openSite({ kind: type, store, close: () => Promise.resolve() });
      await expect(starting).rejects.toThrow(SessionOptionsError);
      await expect(starting).rejects.toThrow('call dataSource.initialize() before the application starts');
    });
  },
);
