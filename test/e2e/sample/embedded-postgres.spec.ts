import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import {
  findFreePort,
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from '../../../sample/support/embedded-postgres.js';

const OWNER = fileURLToPath(new URL('../../support/postgres-owner.mjs', import.meta.url));

/** A data folder whose server has stopped: a copy of it spares a test the second that initdb takes. */
let template: EmbeddedPostgres;

describe('embedded postgres', () => {
  beforeAll(async () => {
    template = await startEmbeddedPostgres({ dataDir: newFolder(), durable: false });
    await template.stop();
  });
  afterAll(() => rm(template.dataDir, { recursive: true }));

  let dataDir: string;
  let servers: EmbeddedPostgres[];
  let owners: ChildProcess[];
  let folders: Set<string>;

  beforeEach(async () => {
    dataDir = newFolder();
    await promisify(execFile)('cp', ['-a', template.dataDir, dataDir]); // with its owners
    servers = [];
    owners = [];
    folders = new Set([dataDir]);
  });

  afterEach(async () => {
    for (const owner of owners) owner.kill('SIGKILL');
    for (const server of servers) await server.stop();
    for (const folder of folders) {
      const pid = await serverPid(folder);
      if (pid !== undefined) await until(() => !commands().has(pid));
      await rm(folder, { recursive: true, force: true });
    }
  });

  function newFolder(): string {
    return join(tmpdir(), `nest-session-spec-${randomBytes(6).toString('hex')}`);
  }

  async function start(): Promise<EmbeddedPostgres> {
    const server = await startEmbeddedPostgres({ dataDir, durable: false });
    servers.push(server);
    folders.add(server.dataDir);
    return server;
  }

  type Ending = 'stay' | 'return' | 'exit' | 'throw';

  /** A process of its own that starts a server on `dataDir`; resolves once that is ready. */
  async function startOwner(ending: Ending): Promise<{ owner: ChildProcess; url: string; pid: number }> {
    const owner = spawn(process.execPath, [OWNER, dataDir, ending], { stdio: ['pipe', 'pipe', 'ignore'] });
    owners.push(owner);
    for await (const line of createInterface(owner.stdout)) {
      if (!line.startsWith('{')) continue;
      const ready = JSON.parse(line) as { dataDir: string; url: string };
      folders.add(ready.dataDir);
      const pid = await serverPid(ready.dataDir);
      if (pid === undefined) throw new Error('the server has no postmaster.pid');
      return { owner, url: ready.url, pid };
    }
    throw new Error('the owner has ended before its server was ready');
  }

  async function serverPid(folder: string): Promise<number | undefined> {
    try {
      return Number((await readFile(join(folder, 'cluster', 'postmaster.pid'), 'utf8')).split('\n')[0]);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** The commands of all running processes, by pid. */
  function commands(): Map<number, string> {
    const found = new Map<number, string>();
    if (process.platform !== 'linux') {
      for (const [, pid, command = ''] of execFileSync('ps', ['-A', '-ww', '-o', 'pid=,command='])
        .toString()
        .matchAll(/^ *(\d+) +(.*)$/gm)) {
        found.set(Number(pid), command);
      }
      return found;
    }
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
        if (command !== '') found.set(Number(pid), command);
      } catch (error) {
        if (!['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
      }
    }
    return found;
  }

  function watchdogOf(pid: number): number | undefined {
    for (const [candidate, command] of commands())
      if (command.endsWith(`postgres-watchdog ${pid}`)) return candidate;
    return undefined;
  }

  /** Polling, for processes that are not ours to wait for. */
  async function until(done: () => boolean): Promise<void> {
    for (let tries = 0; !done(); tries += 1) {
      if (tries === 1000) throw new Error('it does not happen');
      await sleep(20);
    }
  }

  async function query(url: string, sql: string): Promise<unknown[]> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end();
    }
  }

  const writeRow = (url: string) => query(url, `CREATE TABLE kept AS SELECT 'a row' AS content`);
  const readRow = (url: string) => query(url, 'SELECT content FROM kept');
  const ROW = [{ content: 'a row' }];

  describe('startEmbeddedPostgres', () => {
    it('keeps data, port and password over stop and start', async () => {
      const server = await start();
      await writeRow(server.url);
      await server.stop();
      await expect(query(server.url, 'SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      await server.stop(); // nothing to do
      await server.start();
      await server.start(); // nothing to do
      expect(await readRow(server.url)).toEqual(ROW);
      await server.stop();

      const another = await start();
      expect(new URL(another.url).password).toBe(new URL(server.url).password);
      expect(await readRow(another.url)).toEqual(ROW);
    });

    it('wants the password, and listens on 127.0.0.1 only', async () => {
      const server = await start();
      const url = new URL(server.url);
      url.password = 'wrong';
      await expect(query(url.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
      const [settings] = await query(
        server.url,
        `SELECT current_setting('listen_addresses') AS host, current_setting('unix_socket_directories') AS socket,
        current_setting('server_encoding') AS encoding, current_setting('port')::int AS port`,
      );
      expect(settings).toEqual({ host: '127.0.0.1', socket: '', encoding: 'UTF8', port: server.port });
    });

    it('recovers after kill(), which leaves no backend behind', async () => {
      const server = await start();
      await writeRow(server.url);
      const busy = new pg.Client({ connectionString: server.url });
      busy.on('error', () => undefined); // the connection breaks, as it should
      await busy.connect();
      const [backend] = (await busy.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows;
      const endless = busy.query(`DO 'BEGIN LOOP NULL; END LOOP; END'`); // does not notice that its server is gone
      const broken = expect(endless).rejects.toThrow();

      await server.kill();
      await broken;
      expect(commands().has(backend?.pid ?? 0)).toBe(false);
      await server.start();
      expect(await readRow(server.url)).toEqual(ROW);
    });

    it('refuses a data folder that is in use', async () => {
      await start();
      await expect(start()).rejects.toThrow(`in use by process ${process.pid}`);
    });

    it('takes over a data folder whose server was left running', async () => {
      const { owner, url, pid } = await startOwner('stay');
      await writeRow(url);
      const watchdog = watchdogOf(pid);
      process.kill(watchdog ?? NaN, 'SIGKILL');
      owner.kill('SIGKILL');
      await once(owner, 'exit');
      expect(commands().has(pid)).toBe(true);

      const server = await start();
      expect(commands().has(pid)).toBe(false);
      expect(await readRow(server.url)).toEqual(ROW);
    });

    it('takes over a data folder whose server was killed and left a busy backend', async () => {
      const { url, pid } = await startOwner('stay');
      await writeRow(url);
      const busy = new pg.Client({ connectionString: url });
      busy.on('error', () => undefined);
      await busy.connect();
      const broken = expect(busy.query(`DO 'BEGIN LOOP NULL; END LOOP; END'`)).rejects.toThrow();
      await until(() =>
        [...commands().values()].some((one) => one.startsWith('postgres: ') && one.endsWith(' DO')),
      );
      process.kill(pid, 'SIGKILL');
      await until(() => !commands().has(pid));

      const server = await start();
      await broken;
      expect(await readRow(server.url)).toEqual(ROW);
    });

    it('is not stopped by a stale postmaster.pid whose number has another owner now', async () => {
      const server = await start();
      await writeRow(server.url);
      await server.kill();
      const lock = join(server.dataDir, 'cluster', 'postmaster.pid');
      await writeFile(lock, (await readFile(lock, 'utf8')).replace(/^\d+/, String(process.pid)));
      await server.start();
      expect(await readRow(server.url)).toEqual(ROW);
    });

    it('is not stopped by what an interrupted initdb has left', async () => {
      await rm(dataDir, { recursive: true });
      await mkdir(join(dataDir, 'draft-1-abc', 'base'), { recursive: true });
      if (process.getuid?.() === 0)
        await writeFile(join(dataDir, 'draft-1-abc.password'), '', { mode: 0o600 });
      const server = await start();
      expect(readdirSync(server.dataDir).sort()).toEqual(['cluster', 'server.log']);
    });

    it('initialises once when two start at the same time', async () => {
      await rm(dataDir, { recursive: true });
      const results = await Promise.allSettled([start(), start()]);
      expect(results.map((one) => one.status).sort()).toEqual(['fulfilled', 'rejected']);
      expect(readdirSync([...folders].at(-1) ?? '').sort()).toEqual(['cluster', 'server.log']);
    });

    it('says what went wrong when the server does not start', async () => {
      const wrong = startEmbeddedPostgres({
        dataDir,
        durable: false,
        settings: { shared_buffers: 'plenty' },
      });
      await expect(wrong).rejects.toThrow('invalid value for parameter "shared_buffers": "plenty"');
    });
  });

  describe('a process that ends', () => {
    it.each<NodeJS.Signals>(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'])(
      'by %s takes its server along',
      async (signal) => {
        const { owner, pid } = await startOwner('stay');
        const watchdog = watchdogOf(pid) ?? NaN;
        expect(commands().has(watchdog)).toBe(true);
        owner.kill(signal);
        const [, reason] = (await once(owner, 'exit')) as [number | null, string | null];
        expect(reason).toBe(signal); // the default answer to the signal, not one of the launcher's
        await until(() => !commands().has(pid) && !commands().has(watchdog));
      },
    );

    it.each<[Ending, number]>([
      ['return', 0],
      ['exit', 0],
      ['throw', 1],
    ])('by "%s" is not held back and takes its server along', async (ending, expected) => {
      const { owner, pid } = await startOwner(ending);
      if (owner.exitCode === null) await once(owner, 'exit');
      expect(owner.exitCode).toBe(expected);
      await until(() => !commands().has(pid) && watchdogOf(pid) === undefined);
    });
  });

  describe('findFreePort', () => {
    it('prefers the one asked for, else takes the next free one', async () => {
      const port = await findFreePort();
      expect(await findFreePort(port)).toBe(port);
      const taken = createServer();
      await new Promise<void>((done) => taken.listen(port, '127.0.0.1', done));
      try {
        expect(await findFreePort(port)).toBeGreaterThan(port);
      } finally {
        await new Promise((done) => taken.close(done));
      }
    });
  });
});
