import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { setImmediate } from 'node:timers/promises';
import { type ISession, TypeormStore } from 'connect-typeorm';
import { DataSource, EntitySchema, type EntitySchemaColumnOptions } from 'typeorm';
import { MINUTE, TestClock } from '../../support/clock.js';
import { createDatabase, type TestDatabase } from '../../support/database.js';
import type { Site } from '../../support/site.js';
import { at, type OldSite, openNew, openOld } from './support/sites.js';

type Columns = Record<string, EntitySchemaColumnOptions>;

const COLUMNS: Columns = {
  id: { type: 'varchar', length: 255, primary: true },
  expiredAt: { type: 'bigint' },
  json: { type: 'text' },
};

/** Entities as applications have them: with the column that connect-typeorm marks ended sessions in, and without. */
const ENTITIES: [name: string, columns: Columns][] = [
  ['with destroyedAt', { ...COLUMNS, destroyedAt: { type: 'timestamp', nullable: true, deleteDate: true } }],
  ['without destroyedAt', COLUMNS],
];

/** The real package on a real database. Its rows outlive the application that wrote them. */
describe.each(ENTITIES)('sessions of connect-typeorm after the move, entity %s', (_, columns) => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let clock: TestClock;
  let old: OldSite;
  let site: Site;

  beforeAll(async () => {
    database = await createDatabase();
    const entity = new EntitySchema<ISession>({ name: 'session', columns: columns });
    dataSource = new DataSource({
      type: 'postgres',
      url: database.url,
      entities: [entity],
      synchronize: true,
    });
    await dataSource.initialize();
  });
  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  const storeOf = (): TypeormStore =>
    new TypeormStore({ onError: () => undefined }).connect(dataSource.getRepository<ISession>('session'));

  /** Waits until the row lives for so many milliseconds: the package calls back before it has written that. */
  async function untilLiving(milliseconds: number): Promise<void> {
    for (;;) {
      const [row] = await dataSource.getRepository<ISession>('session').find();
      if (Number(row?.expiredAt) > Date.now() + milliseconds) return;
      await setImmediate();
    }
  }

  beforeEach(async () => {
    clock = new TestClock();
    await dataSource.getRepository('session').clear();
    old = await openOld(storeOf(), { cookie: { maxAge: 30 * MINUTE } });
    site = await openNew(storeOf(), { cookie: { maxAge: '30m' } });
  });
  afterEach(async () => {
    await site.close();
    await old.close();
    clock.restore();
  });

  it('are read, and live on for as long as they are used', async () => {
    const browser = old.client();
    await browser.post('/run/set', { color: 'green' });
    const moved = at(site, browser);
    for (let turn = 0; turn < 4; turn++) {
      const { status, body } = await moved.get('/run/read');
      expect({ status, body }).toEqual({ status: 200, body: { color: 'green' } });
      await untilLiving(29 * MINUTE);
      clock.advance(20 * MINUTE);
    }
  });

  it('end when they are not used', async () => {
    const browser = old.client();
    await browser.post('/run/set', { color: 'green' });
    const moved = at(site, browser);
    await moved.get('/run/read');
    clock.advance(31 * MINUTE);
    expect((await moved.get('/run/read')).body).toEqual({});
  });

  const [title, status, color] =
    'destroyedAt' in columns
      ? ['are changed', 200, 'red']
      : ['cannot be changed by the package, and the client is told so', 503, 'green'];

  it(title, async () => {
    const browser = old.client();
    await browser.post('/run/set', { color: 'green' });
    const moved = at(site, browser);
    expect((await moved.post('/run/set', { color: 'red' })).status).toBe(status);
    expect((await moved.get('/run/read')).body).toEqual({ color });
  });
});
