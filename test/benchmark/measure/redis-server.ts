import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from 'redis';
import { findFreePort } from '../../../sample/support/embedded-postgres.js';
import { KEY_PREFIX, prefixOf } from '../app/setup.js';
import type { StoreServer } from './store-server.js';

type Client = ReturnType<typeof connect>;

/** The Redis of `REDIS_URL`, else a `redis-server` of its own, else the one at 127.0.0.1:6379. */
export class RedisServer implements StoreServer {
  private constructor(
    private readonly client: Client,
    private readonly url: string,
    readonly description: string,
    private readonly own: ChildProcess | undefined,
  ) {}

  /** Undefined where there is none. */
  static async start(): Promise<RedisServer | undefined> {
    const given = process.env.REDIS_URL;
    if (given) return RedisServer.#at(given);
    const own = await startOwn();
    if (own) return RedisServer.#at(own.url, own.child);
    try {
      return await RedisServer.#at('redis://127.0.0.1:6379');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') return undefined;
      throw error;
    }
  }

  static async #at(url: string, own?: ChildProcess): Promise<RedisServer> {
    const client = connect(url);
    for (let attempt = 1; ; attempt += 1) {
      try {
        await client.connect();
        break;
      } catch (error) {
        if (own?.exitCode !== null || attempt === 100) throw error;
        await delay(50);
      }
    }
    const version = /redis_version:(\S+)/.exec(await client.info('server'))?.[1] ?? '';
    const description = `Redis ${version}${own ? ' (no persistence)' : ''}`;
    return new RedisServer(client, url, description, own);
  }

  async fresh(place: string): Promise<string> {
    await this.remove(place);
    return this.url;
  }

  remove(place: string): Promise<void> {
    return this.#remove(prefixOf(place));
  }

  async settle(): Promise<void> {
    // Nothing that it would do later.
  }

  async statements(): Promise<number> {
    const calls = (await this.client.info('commandstats')).matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm);
    let sum = 0;
    for (const [, command, count] of calls) if (command !== 'info') sum += Number(count);
    return sum;
  }

  async cpu(): Promise<number> {
    const info = await this.client.info('cpu');
    const seconds = (name: string): number => Number(new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1]);
    return Math.round((seconds('used_cpu_user') + seconds('used_cpu_sys')) * 1e6);
  }

  async stop(): Promise<void> {
    await this.#remove(KEY_PREFIX);
    await this.client.close();
    if (this.own === undefined) return;
    const exit = once(this.own, 'exit');
    this.own.ref(); // nothing else may keep this process until then
    this.own.kill('SIGTERM');
    await exit;
  }

  async #remove(prefix: string): Promise<void> {
    for await (const keys of this.client.scanIterator({ MATCH: `${prefix}*`, COUNT: 1000 })) {
      if (keys.length > 0) await this.client.unlink(keys);
    }
  }
}

function connect(url: string) {
  const client = createClient({ url, socket: { reconnectStrategy: false } });
  client.on('error', () => undefined); // what fails rejects the call, too
  return client;
}

async function startOwn(): Promise<{ url: string; child: ChildProcess } | undefined> {
  const port = await findFreePort();
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const child = spawn('redis-server', args, { stdio: 'ignore' });
  process.once('exit', () => child.kill());
  try {
    await once(child, 'spawn');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  child.unref();
  return { url: `redis://127.0.0.1:${port}`, child };
}
