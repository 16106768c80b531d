import { randomBytes } from 'node:crypto';
import { createConnection } from 'mysql2/promise';
import type { TestDatabase } from './database.js';

/** The address of the MariaDB or MySQL for tests; undefined where there is none (global-setup.ts looks for it). */
export const MYSQL_URL = process.env.TEST_MYSQL_URL;

/** A fresh database for one spec file, whose defaults are as wrong for sessions as can be. */
export async function createMysqlDatabase(): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  await execute(`CREATE DATABASE ${name} CHARACTER SET latin1 COLLATE latin1_swedish_ci`);
  const url = new URL(MYSQL_URL!);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => execute(`DROP DATABASE IF EXISTS ${name}`) };
}

async function execute(sql: string): Promise<void> {
  const connection = await createConnection(MYSQL_URL!);
  try {
    await connection.query(sql);
  } finally {
    await connection.end();
  }
}
