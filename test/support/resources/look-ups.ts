import { accessSync, constants, existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import type * as Mysql from 'mysql2/promise';

/** What specs may ask for. */
export type ResourceName =
  | 'PostgreSQL'
  | 'dist'
  | 'Redis'
  | 'MariaDB or MySQL'
  | 'ioredis'
  | 'better-sqlite3'
  | 'redis-server'
  | 'mariadbd'
  | 'memcached'
  | 'nginx'
  | 'chromium';

/** Something that tests use and that is no file of the project. */
export interface Resource {
  readonly name: ResourceName;
  /** How to get it. */
  readonly remedy: string;
  /** Where it is; undefined where there is none. */
  readonly find: () => Promise<string | undefined>;
  /** Undoes what `find` has started. */
  readonly stop?: () => Promise<void>;
}

/** What the machine has, or not. */
export const LOOK_UPS: readonly Resource[] = [
  server(
    'Redis',
    'REDIS_URL',
    'redis://127.0.0.1:6379',
    'apt-get install redis-server && redis-server --daemonize yes',
    answers,
  ),
  server(
    'MariaDB or MySQL',
    'MYSQL_URL',
    'mysql://root@127.0.0.1:3306',
    'apt-get install mariadb-server, with a root that needs no password from 127.0.0.1',
    letsIn,
  ),
  npmPackage('ioredis'),
  npmPackage('better-sqlite3', 'BETTER_SQLITE3'),
  program('redis-server', 'apt-get install redis-server (Redis 7 or later)'),
  program('mariadbd', 'apt-get install mariadb-server'),
  program('memcached', 'apt-get install memcached'),
  program('nginx', 'apt-get install nginx-light'),
  program('chromium', 'apt-get install chromium'),
];

/** A server at the address in the variable, or at its standard one. */
function server(
  name: ResourceName,
  variable: string,
  standard: string,
  remedy: string,
  isThere: (url: URL) => Promise<boolean>,
): Resource {
  const find = async (): Promise<string | undefined> => {
    const given = process.env[variable];
    const url = given ?? standard;
    if (await isThere(new URL(url))) return url;
    if (given === undefined) return undefined;
    throw new Error(`${name} does not answer at ${new URL(url).host}, where ${variable} says it is.`);
  };
  return { name, remedy: `${remedy}, or set ${variable}`, find };
}

/** Where servers are installed, which is not on every user's path. */
const SYSTEM_FOLDERS = ['/usr/sbin', '/usr/local/sbin'];

function program(name: ResourceName, remedy: string): Resource {
  const find = (): Promise<string | undefined> => {
    const folders = [...(process.env.PATH ?? '').split(delimiter), ...SYSTEM_FOLDERS];
    return Promise.resolve(folders.map((folder) => join(folder, name)).find(isExecutable));
  };
  return { name, remedy, find };
}

/** A package that is installed for tests only. The `variable` may name the folder of one that is installed elsewhere. */
function npmPackage(name: ResourceName, variable?: string): Resource {
  const find = (): Promise<string | undefined> => {
    const given = variable && process.env[variable];
    if (given) {
      if (existsSync(join(given, 'package.json'))) return Promise.resolve(given);
      throw new Error(`There is no package ${name} in ${given}, where ${variable} says it is.`);
    }
    const folders = createRequire(join(process.cwd(), 'package.json')).resolve.paths(name) ?? [];
    return Promise.resolve(folders.some((folder) => existsSync(join(folder, name))) ? name : undefined);
  };
  const elsewhere = variable ? `, or set ${variable} to the folder of one that is installed elsewhere` : '';
  return {
    name,
    remedy: `npm install ${variable ? '--no-save' : '--save-dev'} ${name}${elsewhere}`,
    find,
  };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function answers({ hostname, port }: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) });
    const end = (reached: boolean): void => {
      socket.destroy();
      resolve(reached);
    };
    socket.setTimeout(20_000, () => end(false));
    socket.on('connect', () => end(true)).on('error', () => end(false));
  });
}

/** Whether a database server takes the user in the address. */
async function letsIn(url: URL): Promise<boolean> {
  if (!(await answers(url))) return false;
  const { createConnection } = createRequire(import.meta.url)('mysql2/promise') as typeof Mysql; // only where there is a server
  try {
    await (await createConnection({ uri: url.href, connectTimeout: 20_000 })).end();
    return true;
  } catch {
    return false;
  }
}
