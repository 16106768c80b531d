import { accessSync, constants, existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { createConnection } from 'mysql2/promise';

/** Something that tests want and that comes with no package. */
export interface Wanted {
  readonly name: string;
  /** Where tests find where it is. */
  readonly found: string;
  readonly remedy: string;
  /** Where it is; undefined where there is none. */
  readonly look: () => Promise<string | undefined>;
}

export const WANTED: readonly Wanted[] = [
  server(
    'Redis',
    'REDIS',
    'redis://127.0.0.1:6379',
    'apt-get install redis-server && redis-server --daemonize yes',
  ),
  server(
    'MariaDB or MySQL',
    'MYSQL',
    'mysql://root@127.0.0.1:3306',
    'apt-get install mariadb-server, with a root that needs no password from 127.0.0.1',
    letsIn,
  ),
  npmPackage('ioredis', 'TEST_IOREDIS'),
  npmPackage('better-sqlite3', 'TEST_BETTER_SQLITE3', 'BETTER_SQLITE3'),
  program('redis-server', 'TEST_REDIS_SERVER', 'apt-get install redis-server (Redis 7 or later)'),
  program('memcached', 'TEST_MEMCACHED', 'apt-get install memcached'),
  program('nginx', 'TEST_NGINX', 'apt-get install nginx-light'),
];

/**
 * Looks for what tests want and tells them in the environment. @throws Error where something is missing while CI_SERVERS is
 * `required`, or where an address that was given leads nowhere.
 */
export async function findServers(): Promise<void> {
  for (const { name, found, remedy, look } of WANTED) {
    const place = await look();
    if (place !== undefined) process.env[found] = place;
    else if (process.env.CI_SERVERS === 'required')
      throw new Error(`There is no ${name}, and CI_SERVERS requires it: ${remedy}.`);
    else delete process.env[found];
  }
}

/** Says loudly what was not tested, and forgets what was found. */
export function sayWhatWasMissing(): void {
  for (const { name, found, remedy } of WANTED) {
    if (!process.env[found]) process.stderr.write(`\nNOT TESTED, as there is no ${name}: ${remedy}.\n`);
    delete process.env[found];
  }
}

/** A server at the address in the variable, or at its standard one. */
function server(
  name: string,
  key: string,
  standard: string,
  remedy: string,
  isThere: (url: URL) => Promise<boolean> = answers,
): Wanted {
  const variable = `${key}_URL`;
  const look = async (): Promise<string | undefined> => {
    const given = process.env[variable];
    const url = given ?? standard;
    if (await isThere(new URL(url))) return url;
    if (given === undefined) return undefined;
    throw new Error(`${name} does not answer at ${new URL(url).host}, where ${variable} says it is.`);
  };
  return { name, found: `TEST_${variable}`, remedy: `${remedy}, or set ${variable}`, look };
}

/** Where servers are installed, which is not on every user's path. */
const SYSTEM_FOLDERS = ['/usr/sbin', '/usr/local/sbin'];

function program(name: string, found: string, remedy: string): Wanted {
  const look = (): Promise<string | undefined> => {
    const folders = [...(process.env.PATH ?? '').split(delimiter), ...SYSTEM_FOLDERS];
    return Promise.resolve(folders.map((folder) => join(folder, name)).find(isExecutable));
  };
  return { name, found, remedy, look };
}

/**
 * One that nothing else needs: installed, its name is found under `found`. Where there is a `variable`, that may name the folder
 * of one that is installed somewhere else.
 */
function npmPackage(name: string, found: string, variable?: string): Wanted {
  const look = (): Promise<string | undefined> => {
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
    found,
    remedy: `npm install ${variable ? '--no-save' : '--save-dev'} ${name}${elsewhere}`,
    look,
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
    socket.setTimeout(2_000, () => end(false));
    socket.on('connect', () => end(true)).on('error', () => end(false));
  });
}

/** Whether a database server takes the user in the address. */
async function letsIn({ href }: URL): Promise<boolean> {
  try {
    await (await createConnection({ uri: href, connectTimeout: 2_000 })).end();
    return true;
  } catch {
    return false;
  }
}
