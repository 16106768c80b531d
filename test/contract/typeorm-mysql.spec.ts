import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sessionStoreContract } from 'nest-session/testing';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { SessionEntity, TypeOrmSessionStore } from '../../lib/stores/typeorm/index.js';
import type { TestDatabase } from '../support/database.js';
import { createMysqlDatabase, MYSQL_URL } from '../support/mysql.js';
import { TRIES_ALL } from '../support/scope.js';
import { TRIED_ELSEWHERE } from './support/tried-elsewhere.js';

type Options = Partial<Extract<DataSourceOptions, { type: 'mysql' | 'mariadb' }>>;

function contractWith(name: string, options: (url: string) => Options): void {
  (MYSQL_URL ? describe : describe.skip)(name, () => {
    let database: TestDatabase;
    let dataSource: DataSource;

    beforeAll(async () => {
      database = await createMysqlDatabase();
      dataSource = new DataSource({
        type: 'mysql',
        entities: [SessionEntity],
        synchronize: true,
        ...options(database.url),
      });
      await dataSource.initialize();
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

    test('every connection of the pool was given back', () => {
      const { pool } = dataSource.driver as unknown as { pool?: Record<string, { length: number }> };
      if (pool !== undefined) expect(pool._freeConnections!.length).toBe(pool._allConnections!.length);
    });
  });
}

// The setting that asks most of the store, and with TEST_SCOPE=all the others. The statements are tried in full in sql.spec.ts.
contractWith('on MySQL or MariaDB, as MariaDB, with a prefix and an odd time zone', (url) => ({
  type: 'mariadb',
  url,
  entityPrefix: 'my_',
  timezone: '+05:45',
}));

if (TRIES_ALL) {
  contractWith('on MySQL or MariaDB, as MySQL', (url) => ({ url }));

  contractWith('on MySQL or MariaDB with replication', (url) => ({
    replication: { master: { url }, slaves: [{ url }] },
  }));

  contractWith('on MySQL or MariaDB with numbers as numbers and its own flags', (url) => ({
    url,
    supportBigNumbers: false,
    bigNumberStrings: false,
    flags: ['-FOUND_ROWS'],
  }));
}
