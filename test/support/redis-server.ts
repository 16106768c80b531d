import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { createClient } from 'redis';
import { findResource } from './resources/find.js';

/** The program; undefined where it is not installed. */
export const REDIS_SERVER = await findResource('redis-server');

/** A Redis of one test's own, which the test may stop and start again on the same port, with what it held. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  /** Where its files are. */
  readonly dir: string;
  start(): Promise<void>;
  /** Without a chance to say goodbye. */
  kill(): Promise<void>;
  /** Stops it and removes its files. */
  close(): Promise<void>;
}

export function startRedisServer(...options: string[]): Promise<RedisServer> {
  return tryAgain(() => startOnce(options));
}

/** Another test may take a free port before a server does: then with others. */
async function tryAgain<Result>(start: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start();
    } catch (error) {
      if (attempt === 5) throw error;
    }
  }
}

async function startOnce(options: readonly string[]): Promise<RedisServer> {
  const [dir, port] = await Promise.all([mkdtemp(join(tmpdir(), 'nest-session-redis-')), freePort()]);
  let child: ChildProcess | undefined;
  const url = `redis://127.0.0.1:${port}`;

  const start = async (): Promise<void> => {
    const kept = [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--dir',
      dir,
      '--save',
      '',
      '--appendonly',
      'yes',
    ];
    child = spawn(REDIS_SERVER!, [...kept, '--appendfsync', 'always', ...options], { stdio: 'ignore' });
    const isReady = until(() => ask(url, ['PING']).then((answer) => answer === 'PONG'));
    const exit = once(child, 'exit').then(() => 'exit');
    if ((await Promise.race([isReady, exit])) === 'exit') {
      isReady.catch(() => undefined); // it asks on for a while
      throw new Error('redis-server has exited: its port may be taken.');
    }
  };
  const kill = async (): Promise<void> => {
    const running = child;
    child = undefined;
    if (running === undefined) return;
    const exit = once(running, 'exit');
    if (running.kill('SIGKILL')) await exit;
  };
  const close = async (): Promise<void> => {
    await kill();
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await start();
  } catch (error) {
    await close();
    throw error;
  }
  return { port, url, dir, start, kill, close };
}

/** Three servers that share the slots. */
export function startRedisCluster(): Promise<{ urls: string[]; close(): Promise<void> }> {
  return tryAgain(startClusterOnce);
}

async function startClusterOnce(): Promise<{ urls: string[]; close(): Promise<void> }> {
  const servers: RedisServer[] = [];
  const close = async (): Promise<void> => void (await Promise.all(servers.map((server) => server.close())));
  try {
    const buses: number[] = [];
    for (let index = 0; index < 3; index++) {
      buses.push(await freePort());
      servers.push(await startOnce(['--cluster-enabled', 'yes', '--cluster-port', String(buses[index])]));
    }
    const [first, ...others] = servers as [RedisServer, ...RedisServer[]];
    const bounds = [0, 5_461, 10_923, 16_384];
    for (const [index, { url }] of servers.entries())
      await ask(url, ['CLUSTER', 'ADDSLOTSRANGE', String(bounds[index]), String(bounds[index + 1]! - 1)]);
    for (const [index, { port }] of others.entries())
      await ask(first.url, ['CLUSTER', 'MEET', '127.0.0.1', String(port), String(buses[index + 1])]);
    for (const { url } of servers) {
      await until(async () => {
        const info = String(await ask(url, ['CLUSTER', 'INFO']));
        return info.includes('cluster_state:ok') && info.includes('cluster_size:3');
      });
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { urls: servers.map(({ url }) => url), close };
}

/** A sentinel that watches a server, under the name `main`. So many sentinels must agree that it is down. */
export async function startRedisSentinel(
  watched: RedisServer,
  quorum = 1,
  settings: readonly string[] = [],
): Promise<{ port: number; close(): Promise<void> }> {
  const [dir, port] = await Promise.all([mkdtemp(join(tmpdir(), 'nest-session-redis-')), freePort()]);
  const file = join(dir, 'sentinel.conf');
  const monitor = `sentinel monitor main 127.0.0.1 ${watched.port} ${quorum}`;
  await writeFile(file, [`port ${port}`, 'bind 127.0.0.1', monitor, ...settings, ''].join('\n'));
  const child = spawn(REDIS_SERVER!, [file, '--sentinel'], { stdio: 'ignore' });
  const exit = once(child, 'exit');
  const close = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exit;
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await until(() => ask(`redis://127.0.0.1:${port}`, ['PING']).then((answer) => answer === 'PONG'));
  } catch (error) {
    await close();
    throw error;
  }
  return { port, close };
}

/** Sends one command over a connection of its own. */
export async function ask(url: string, command: string[]): Promise<unknown> {
  const client = createClient({ url, disableOfflineQueue: true, socket: { reconnectStrategy: false } });
  client.on('error', () => undefined); // connect() rejects with it
  await client.connect();
  try {
    return await client.sendCommand(command);
  } finally {
    client.destroy();
  }
}

export async function until(condition: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 30_000; ;) {
    try {
      if (await condition()) return;
    } catch (error) {
      if (Date.now() > end) throw error;
    }
    if (Date.now() > end) throw new Error('redis-server did not become ready in 30 seconds.');
    await setTimeout(20);
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
