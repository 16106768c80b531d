import { randomBytes } from 'node:crypto';
import { createConnection } from 'mysql2/promise';
import type { TestDatabase } from './database.js';
import { findResource } from './resources/find.js';

/** The address of the MariaDB or MySQL for tests; undefined where there is none. */
export const MYSQL_URL = await findResource('MariaDB or MySQL');

/** A fresh database for one spec file, whose defaults are as wrong for sessions as can be. */
export async function createMysqlDatabase(): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  await execute(`CREATE DATABASE ${name} CHARACTER SET latin1 COLLATE latin1_swedish_ci`);
  const url = new URL(MYSQL_URL!);
  url.pathname = `/${name}`;
  return { url: url.href, drop: async () => void (await execute(`DROP DATABASE IF EXISTS ${name}`)) };
}

/** Which of the two the server is. */
export async function mysqlType(): Promise<'mysql' | 'mariadb'> {
  const version = JSON.stringify(await execute('SELECT VERSION() AS version'));
  return version.includes('MariaDB') ? 'mariadb' : 'mysql';
}

async function execute(sql: string): Promise<unknown> {
  const connection = await createConnection(MYSQL_URL!);
  try {
    const [answer] = await connection.query(sql);
    return answer;
  } finally {
    await connection.end();
  }
}
