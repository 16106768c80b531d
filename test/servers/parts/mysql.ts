import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import type { Part, Trial } from '../part.js';
import { unpack } from '../support/debian.js';
import { findFreePort, run, serve } from '../support/programs.js';

const TESTS = ['test/contract/sql', 'test/contract/typeorm-mysql'];

/** Each store once, and not with every setting of its driver. */
const ONLY = '^(?!.*(replication|numbers as numbers|single connection|as MariaDB, with)).*(mysql|mariadb)';

const user = (): string[] => (process.getuid?.() === 0 ? ['--user=root'] : []);

const mysql9: Part = {
  name: 'mysql9',
  async start(stage) {
    const name = 'mysql-server-core';
    const { root, bin, version } = await unpack('sid', [name], { mysqld: 'usr/sbin/mysqld' });
    const [folder, port] = [await stage.folder(), await findFreePort()];
    const common = [
      ...['--no-defaults', ...user(), `--basedir=${join(root, 'usr')}`, `--datadir=${join(folder, 'data')}`],
      ...['--secure-file-priv=NULL', `--plugin-dir=${join(root, 'usr/lib/mysql/plugin')}`],
      `--lc-messages-dir=${join(root, 'usr/share/mysql')}`,
    ];
    const mysqld = join(bin, 'mysqld');
    await run(mysqld, [...common, '--initialize-insecure']);
    await serve(stage, port, mysqld, [
      ...common,
      ...[`--port=${port}`, '--bind-address=127.0.0.1', '--mysqlx=OFF', `--socket=${join(folder, 'socket')}`],
      ...['--skip-log-bin', '--innodb-flush-log-at-trx-commit=0'],
    ]);
    return trial(`MySQL ${version(name)}`, port);
  },
};

const mariadb: Part = {
  name: 'mariadb',
  async start(stage) {
    const { root, bin, version } = await unpack('trixie', ['mariadb-server-core'], {
      mariadbd: 'usr/sbin/mariadbd',
    });
    const [folder, port] = [await stage.folder(), await findFreePort()];
    const common = [
      ...['--no-defaults', ...user(), `--basedir=${join(root, 'usr')}`, `--datadir=${join(folder, 'data')}`],
      `--lc-messages-dir=${join(root, 'usr/share/mariadb')}`,
    ];
    const mariadbd = join(bin, 'mariadbd');
    const script = join(folder, 'system.sql');
    const tables = ['system_tables', 'performance_tables'].map((name) =>
      readFile(join(root, `usr/share/mariadb/mariadb_${name}.sql`), 'utf8'),
    );
    await writeFile(
      script,
      ['CREATE DATABASE mysql;', 'USE mysql;', ...(await Promise.all(tables))].join('\n'),
    );
    await mkdir(join(folder, 'data'));
    await run('sh', ['-c', `exec "$0" "$@" < ${script}`, mariadbd, ...common, '--bootstrap']);
    await serve(stage, port, mariadbd, [
      ...common,
      ...[`--port=${port}`, '--bind-address=127.0.0.1', `--socket=${join(folder, 'socket')}`],
      ...['--skip-grant-tables', '--innodb-flush-log-at-trx-commit=0'],
    ]);
    return trial(`MariaDB ${version('mariadb-server-core')}`, port);
  },
};

async function trial(versions: string, port: number): Promise<Trial> {
  const url = `mysql://root@127.0.0.1:${port}/`;
  const connection = await createConnection(url);
  await connection.query('CREATE DATABASE test');
  await connection.end();
  return { versions, env: { MYSQL_URL: `${url}test` }, tests: TESTS, only: ONLY };
}

export const MYSQL_PARTS: readonly Part[] = [mysql9, mariadb];
