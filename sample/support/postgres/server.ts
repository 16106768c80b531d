import { spawn, type ChildProcess } from 'node:child_process';
import * as fs from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { EmbeddedPostgres } from '../embedded-postgres.js';
import { type Account, runAs } from './account.js';
import { clusterName, killOrphans, processes, readLock, signal, stopLeftOver } from './processes.js';
import { cannotRun } from './remedy.js';
import { until } from './until.js';

export class Server implements EmbeddedPostgres {
  readonly url: string;
  private child: ChildProcess | undefined;

  constructor(
    readonly dataDir: string,
    private readonly binary: string,
    private readonly account: Account | undefined,
    readonly port: number,
    password: string,
    private readonly settings: Record<string, string>,
  ) {
    this.url = `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`;
  }

  async start(): Promise<void> {
    // A backend of a dead server that is just ending still has its memory, although it no longer has a name.
    const failure = `Processes of another server on ${this.dataDir} still use its memory: end them`;
    await until(failure, 2_000, async () => {
      try {
        await this.launch();
        return true;
      } catch (error) {
        if (String(error).includes('pre-existing shared memory block')) return false;
        throw error;
      }
    });
  }

  private async launch(): Promise<void> {
    if (this.running()) return;
    const cluster = join(this.dataDir, 'cluster');
    await stopLeftOver(cluster);
    const settings = {
      port: String(this.port),
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      cluster_name: `${clusterName(cluster)}-${process.pid}`, // also in the title of every backend
      ...this.settings,
    };
    const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    // The log is a file, not a pipe: the server never has to wait for us to read it, and it outlives us.
    const logFile = join(this.dataDir, 'server.log');
    await fs.rm(logFile, { force: true });
    const log = await fs.open(logFile, 'wx', 0o600);
    // In a process group of its own: Ctrl-C in the terminal must not stop it before the application has closed.
    const common = { ...runAs(this.account), detached: true };
    const child = spawn(this.binary, ['-D', cluster, ...args], {
      ...common,
      stdio: ['ignore', log.fd, log.fd],
    });
    this.child = child;
    let failure: Error | undefined;
    child.once('error', (error) => (failure = error));
    if (child.pid !== undefined) this.stopWithUs(child, child.pid, common);
    try {
      await log.close();
      await until(`PostgreSQL is not ready after a minute, see ${logFile}`, 60_000, async () => {
        if (failure) throw cannotRun(this.binary, failure);
        if (!this.running())
          throw new Error(`PostgreSQL did not start:\n${await fs.readFile(logFile, 'utf8')}`);
        const lock = await readLock(cluster);
        return Number(lock[0]) === child.pid && lock[7]?.trim() === 'ready';
      });
    } catch (error) {
      await this.kill();
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.child?.kill('SIGINT');
    await until(`PostgreSQL (pid ${this.child?.pid}) does not stop`, 30_000, () => !this.running());
  }

  async kill(): Promise<void> {
    const pid = this.child?.pid;
    if (pid === undefined || !this.running()) return;
    signal(pid, 'SIGSTOP'); // so that no new backend appears while we look for them
    const backends = (await processes()).filter((one) => one.parent === pid);
    for (const target of [pid, ...backends.map((one) => one.pid)]) signal(target, 'SIGKILL');
    await until(`PostgreSQL (pid ${pid}) cannot be killed`, 30_000, () => !this.running());
    await killOrphans(join(this.dataDir, 'cluster'));
  }

  private running(): boolean {
    const child = this.child;
    return child?.pid !== undefined && child.exitCode === null && child.signalCode === null;
  }

  /**
   * The server must not outlive this process, however that ends. An `exit` listener is not called when a
   * signal kills us, and a signal handler would change how the application answers signals. So a small shell
   * waits for the other end of its standard input, which only we hold and which the system closes when we
   * are gone, and then asks the server for a fast shutdown. Neither process keeps our event loop alive.
   */
  private stopWithUs(child: ChildProcess, pid: number, common: ReturnType<typeof runAs>): void {
    const watchdog = spawn('/bin/sh', ['-c', 'read -r _; kill -INT "$1"', 'postgres-watchdog', String(pid)], {
      ...common,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    watchdog.once('error', (error) =>
      console.warn('PostgreSQL may outlive this process if it is killed:', error),
    );
    const onExit = () => child.kill('SIGINT');
    process.once('exit', onExit);
    child.once('exit', () => {
      process.off('exit', onExit);
      watchdog.kill('SIGKILL'); // before the number `pid` can belong to somebody else
    });
    if (watchdog.stdin instanceof Socket) watchdog.stdin.unref();
    watchdog.unref();
    child.unref();
  }
}
