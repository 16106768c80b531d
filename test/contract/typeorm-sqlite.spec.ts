import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from '@jest/globals';
import { sessionStoreContract, type SessionStoreContractOptions } from 'nest-session/testing';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { SessionEntity, TypeOrmSessionStore } from '../../lib/stores/typeorm/index.js';
import { betterSqlite3 } from '../support/better-sqlite3.js';
import { TRIES_ALL } from '../support/scope.js';
import { TRIED_ELSEWHERE } from './support/tried-elsewhere.js';

type Options = Extract<DataSourceOptions, { type: 'sqljs' | 'better-sqlite3' }>;

function contractWith(
  name: string,
  isThere: boolean,
  options: (folder: string) => Options,
  contract: SessionStoreContractOptions = {},
): void {
  (isThere ? describe : describe.skip)(name, () => {
    let folder: string;
    let dataSource: DataSource;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'nest-session-sqlite-'));
      dataSource = new DataSource({ entities: [SessionEntity], synchronize: true, ...options(folder) });
      await dataSource.initialize();
    });

    afterAll(async () => {
      await dataSource.destroy();
      await rm(folder, { recursive: true });
    });

    sessionStoreContract(
      'TypeOrmSessionStore',
      async () => {
        await dataSource.getRepository(SessionEntity).clear();
        return { store: new TypeOrmSessionStore(dataSource) };
      },
      contract,
    );
  });
}

contractWith('on SQLite, through sql.js', true, () => ({ type: 'sqljs' }));

if (TRIES_ALL)
  contractWith('on SQLite in memory, through better-sqlite3', betterSqlite3 !== undefined, () => ({
    type: 'better-sqlite3',
    database: ':memory:',
    ...betterSqlite3,
  }));

contractWith(
  'on SQLite in a file, through better-sqlite3',
  betterSqlite3 !== undefined,
  (folder) => ({
    type: 'better-sqlite3',
    database: join(folder, 'sessions.db'),
    entityPrefix: 'my_',
    enableWAL: true,
    ...betterSqlite3,
  }),
  TRIED_ELSEWHERE,
);
