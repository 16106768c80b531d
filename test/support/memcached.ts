import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { findResource } from './resources/find.js';

/** The program; undefined where it is not installed. */
export const MEMCACHED = await findResource('memcached');

/** A key in Memcached, and when Memcached drops it: milliseconds from now. */
export interface MemcachedItem {
  readonly key: string;
  readonly endsIn: number;
}

/** A Memcached of one test's own. */
export interface MemcachedServer {
  /** As clients want it: host and port. */
  readonly address: string;
  /** What it holds, without what is over. */
  items(): Promise<MemcachedItem[]>;
  /** Removes all of it. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

export async function startMemcached(): Promise<MemcachedServer> {
  const dir = await mkdtemp(join(tmpdir(), 'nest-session-memcached-'));
  const portFile = join(dir, 'port');
  // It does not run as root unless it is told whom to run as; port -1 is a free one, which it writes down.
  const account = process.getuid?.() === 0 ? ['-u', 'root'] : [];
  // Without the thread that moves items between lists: a dump would pass over those that it is moving.
  const still = ['-o', 'no_lru_maintainer'];
  const child = spawn(MEMCACHED!, ['-l', '127.0.0.1', '-p', '-1', '-U', '0', ...still, ...account], {
    env: { ...process.env, MEMCACHED_PORT_FILENAME: portFile },
    stdio: 'ignore',
  });
  const ended = once(child, 'exit');
  const close = async (): Promise<void> => {
    if (child.kill('SIGTERM')) await ended;
    await rm(dir, { recursive: true, force: true });
  };
  try {
    const port = await portIn(portFile, child);
    const keys = async (): Promise<string[]> => {
      const lines = (await ask(port, 'lru_crawler metadump all')).matchAll(/^key=(\S+) /gm);
      return [...lines].map(([, key = '']) => decodeURIComponent(key));
    };
    // A dump may have an item that was just deleted or replaced, so each is asked for when it ends.
    const items = async (): Promise<MemcachedItem[]> => {
      const found: MemcachedItem[] = [];
      for (const key of await keys()) {
        const [, seconds] = /^HD t(-?\d+)/.exec(await ask(port, `mg ${key} t`)) ?? [];
        if (Number(seconds) > 0) found.push({ key, endsIn: Number(seconds) * 1_000 });
      }
      return found;
    };
    return {
      address: `127.0.0.1:${port}`,
      items,
      async clear() {
        for (const { key } of await items()) await ask(port, `delete ${key}`);
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function portIn(file: string, child: ChildProcess): Promise<number> {
  while (child.exitCode === null && child.signalCode === null) {
    const [, port] = /^TCP INET: (\d+)$/m.exec(await readFile(file, 'utf8').catch(() => '')) ?? [];
    if (port !== undefined) return Number(port);
    await setTimeout(5);
  }
  throw new Error('memcached did not start.');
}

/** What ends the answer to a command. */
const LAST_LINE = /(?:^|\n)(?:END|EN|HD|DELETED|NOT_FOUND|(?:HD |BUSY|[A-Z_]*ERROR)[^\r]*)\r\n$/;

/** Sends one command over a connection of its own. */
async function ask(port: number, command: string): Promise<string> {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8');
  socket.write(`${command}\r\n`);
  let answer = '';
  for await (const chunk of socket as AsyncIterable<string>) {
    answer += chunk;
    if (LAST_LINE.test(answer)) break; // which closes the connection
  }
  if (answer.startsWith('BUSY ')) {
    // Its thread for such commands does one at a time, and some work of its own.
    await setTimeout(5);
    return ask(port, command);
  }
  if (/^[A-Z_]*ERROR/.test(answer)) throw new Error(`memcached answers ${command}: ${answer.trim()}`);
  return answer;
}
