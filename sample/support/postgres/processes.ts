import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { hasCode } from './system-error.js';
import { until } from './until.js';

const run = promisify(execFile);

type ProcessInfo = Readonly<{ pid: number; parent: number; command: string }>;

/** Ends what a launcher that was killed has left running on this data folder. */
export async function stopLeftOver(cluster: string): Promise<void> {
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
export async function killOrphans(cluster: string): Promise<void> {
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
export async function processes(): Promise<ProcessInfo[]> {
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

/** The lines of postmaster.pid: the first is the pid, the eighth is `ready` when connections are accepted. */
export async function readLock(cluster: string): Promise<string[]> {
  try {
    return (await fs.readFile(join(cluster, 'postmaster.pid'), 'utf8')).split('\n');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}

export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!hasCode(error, 'ESRCH')) throw error; // it has gone by itself
  }
}

export const digest = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 16);

export const clusterName = (cluster: string) => `nest-session-${digest(cluster)}`;
