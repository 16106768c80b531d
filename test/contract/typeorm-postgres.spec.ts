import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sessionStoreContract } from 'nest-session/testing';
import pg from 'pg';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { SessionEntity, TypeOrmSessionStore } from '../../lib/stores/typeorm/index.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { TRIES_ALL } from '../support/scope.js';
import { TRIED_ELSEWHERE } from './support/tried-elsewhere.js';

interface Pool {
  query(config: unknown): Promise<unknown>;
}

function contractWith(name: string, options: (url: string) => Partial<DataSourceOptions>): void {
  describe(name, () => {
    let database: TestDatabase;
    let dataSource: DataSource;
    const errors: unknown[] = [];

    beforeAll(async () => {
      database = await createDatabase();
      dataSource = new DataSource({
        type: 'postgres',
        entities: [SessionEntity],
        synchronize: true,
        ...options(database.url),
      } as DataSourceOptions);
      await dataSource.initialize();
      const { master } = dataSource.driver as unknown as { master: Pool };
      const query = master.query.bind(master);
      master.query = async (config) => {
        try {
          return await query(config);
        } catch (error) {
          errors.push((error as { code?: unknown }).code);
          throw error;
        }
      };
    });

    afterAll(async () => {
      await dataSource.destroy();
      await database.drop();
    });

    sessionStoreContract(
      'TypeOrmSessionStore',
      async () => {
        await dataSource.getRepository(SessionEntity).clear();
        return { store: new TypeOrmSessionStore(dataSource) };
      },
      TRIED_ELSEWHERE,
    );

    // Deadlocks would be survived, a second later.
    test('the database met no deadlock', () => {
      expect(errors).not.toContain('40P01');
    });
  });
}

// The setting that asks most of the store, and with TEST_SCOPE=all the others. The statements are tried in full in sql.spec.ts.
contractWith('on PostgreSQL with a schema, a prefix and an odd time zone', (url) => ({
  url: `${url}?options=-c%20TimeZone%3DAsia/Kathmandu`,
  schema: 'public',
  entityPrefix: 'my_',
}));

if (TRIES_ALL) {
  contractWith('on PostgreSQL', (url) => ({ url }));

  contractWith('on PostgreSQL with replication', (url) => ({
    replication: { master: { url }, slaves: [{ url }] },
  }));

  describe('with 64-bit integers parsed by the application', () => {
    const INT8 = pg.types.builtins.INT8;
    const given = pg.types.getTypeParser(INT8) as (text: string) => unknown;
    beforeAll(() => pg.types.setTypeParser(INT8, BigInt));
    afterAll(() => pg.types.setTypeParser(INT8, given));

    contractWith('on PostgreSQL', (url) => ({ url }));
  });
}
