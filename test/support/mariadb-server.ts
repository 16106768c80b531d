import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createConnection } from 'mysql2/promise';
import { findResource } from './resources/find.js';

/** The program; undefined where it is not installed. */
export const MARIADBD = await findResource('mariadbd');

/** A MariaDB of one test's own, whose settings it may change. */
export interface MariaDbServer {
  /** The address of a database, for a user who may do everything. */
  readonly url: string;
  /** Sends a statement as that user. */
  run(sql: string): Promise<unknown>;
  /** Stops it and removes its files. */
  remove(): Promise<void>;
}

export async function startMariaDb(): Promise<MariaDbServer> {
  const folder = await mkdtemp(join(tmpdir(), 'nest-session-mariadb-'));
  const data = [`--datadir=${join(folder, 'data')}`, `--user=${userInfo().username}`];
  const install = ['--auth-root-authentication-method=normal', '--skip-test-db'];
  await promisify(execFile)('mariadb-install-db', ['--no-defaults', ...data, ...install]);
  const port = await freePort();
  const place = [`--socket=${join(folder, 'socket')}`, `--port=${port}`, '--bind-address=127.0.0.1'];
  const quick = [
    '--skip-name-resolve',
    '--innodb-flush-log-at-trx-commit=0',
    '--innodb-buffer-pool-size=16M',
  ];
  const child = spawn(MARIADBD!, ['--no-defaults', ...data, ...place, ...quick], { stdio: 'ignore' });
  const exit = once(child, 'exit');

  const url = `mysql://root@127.0.0.1:${port}/sessions`;
  const run = async (sql: string, database: string | undefined = 'sessions'): Promise<unknown> => {
    const options = { host: '127.0.0.1', port, user: 'root', ...(database && { database }) };
    const connection = await createConnection(options);
    try {
      return (await connection.query(sql))[0];
    } finally {
      await connection.end();
    }
  };
  const remove = async (): Promise<void> => {
    child.kill('SIGTERM');
    await exit;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    for (const end = performance.now() + 30_000; ; await setTimeout(50)) {
      try {
        await run('CREATE DATABASE IF NOT EXISTS sessions', '');
        break;
      } catch (error) {
        if (performance.now() > end || child.exitCode !== null) throw error;
      }
    }
  } catch (error) {
    await remove();
    throw error;
  }
  return { url, run: (sql) => run(sql), remove };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
