import { describe, expect, jest, test } from '@jest/globals';
import { TypeOrmSessionStore } from '../../../../../lib/stores/typeorm/index.js';
import { newRecord } from '../../../../../lib/testing/contract/records.js';
import { createMysqlDatabase, MYSQL_URL } from '../../../../support/mysql.js';
import { connectMysql, watchMysql } from '../support/mysql-support.js';

(MYSQL_URL ? describe : describe.skip)('a server of MySQL or MariaDB that only reads', () => {
  // Under --read-only, in a transaction that only reads, under InnoDB's own read-only mode.
  test.each([1290, 1792, 1836])(
    'loses its connection, as another may lead to the one that writes (error %i)',
    async (errno) => {
      const database = await createMysqlDatabase();
      const dataSource = await connectMysql(database.url, { synchronize: true });
      let isReplica = true;
      const refusal = (): Error => Object.assign(new Error('read-only'), { errno, sqlState: 'HY000' });
      const watched = watchMysql(dataSource, ({ sql }) =>
        isReplica && sql.startsWith('INSERT') ? refusal() : undefined,
      );
      const store = new TypeOrmSessionStore(dataSource);
      const record = newRecord();
      await expect(store.create([record])).rejects.toMatchObject({ errno });
      expect(watched.destroyed).toBe(1);
      isReplica = false;
      expect(await store.create([record])).toEqual([true]);
      expect(watched.destroyed).toBe(1);
      jest.restoreAllMocks();
      await dataSource.destroy();
      await database.drop();
    },
  );
});
