import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Client } from '../../support/client.js';
import { createDatabase } from '../../support/database.js';
import { freePort, startRedisServer } from '../../support/redis-server.js';

interface Runtime {
  readonly program: string;
  readonly args: readonly string[];
  /** The folder of the application. */
  readonly app: string;
  readonly stores: readonly string[];
}

const { program, args, app, stores } = JSON.parse(process.env.RUNTIME!) as Runtime;

const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Variables that lead the application to a store of its own. */
async function openStore(store: string): Promise<Record<string, string>> {
  if (store === 'PostgreSQL') {
    const database = await createDatabase();
    ends.push(() => database.drop());
    return { DATABASE_URL: database.url };
  }
  if (store !== 'Redis') return {};
  const server = await startRedisServer();
  ends.push(() => server.close());
  return { REDIS_URL: server.url };
}

/** Starts the application; answers what stops it. */
async function start(
  adapter: string,
  port: number,
  variables: Record<string, string>,
): Promise<() => Promise<void>> {
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, ADAPTER: adapter, PORT: String(port), ...variables };
  const given = stores.includes('cookie') ? await bundle(adapter, port) : args;
  const child = spawn(program, given, { cwd: app, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += String(text)));
  const exit = once(child, 'exit');
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await exit;
  };
  ends.push(stop);
  for (const end = Date.now() + 100_000; ; await sleep(50)) {
    const status = await fetch(`http://127.0.0.1:${port}/me`).then(
      (response) => response.status,
      () => 0,
    );
    if (status === 401) return stop;
    if (status !== 0 || child.exitCode !== null || Date.now() > end)
      throw new Error(`It did not start (${status}):\n${said}`);
  }
}

/** One file for workerd, and its configuration. */
async function bundle(adapter: string, port: number): Promise<string[]> {
  const banner =
    "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom('/');";
  const absent = ['@nestjs/microservices', '@nestjs/websockets', 'class-validator', 'class-transformer'];
  const external = [
    ...absent.flatMap((name) => [name, `${name}/*`]),
    '@fastify/multipart',
    '@fastify/static',
    '@fastify/view',
    'cloudflare:*',
  ];
  await promisify(execFile)(
    join(app, '../node_modules/.bin/esbuild'),
    [
      ...['worker.js', '--bundle', '--format=esm', '--platform=node', `--banner:js=${banner}`],
      ...[...external.map((name) => `--external:${name}`), '--outfile=bundle.js', '--keep-names'],
    ],
    { cwd: app },
  );
  const worker = [
    'modules = [(name = "worker", esModule = embed "bundle.js")]',
    'compatibilityDate = "2026-11-01"', // from which on nodejs_compat is the default
    `bindings = [(name = "ADAPTER", text = "${adapter}")]`,
  ];
  const text = [
    'using Workerd = import "/workerd/workerd.capnp";',
    'const config :Workerd.Config = (services = [(name = "main", worker = .main)],',
    `  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]);`,
    `const main :Workerd.Worker = (${worker.join(', ')});`,
  ];
  await writeFile(join(app, 'config.capnp'), text.join('\n'));
  return ['serve', 'config.capnp'];
}

describe.each(stores)('sessions in %s', (store) => {
  const isKept = store !== 'memory';

  // Fastify did not start in workerd: its loader of plugins timed out.
  const adapters = store === 'cookie' ? ['Express'] : ['Express', 'Fastify'];

  it.each(adapters)('are opened, changed, kept over a restart and ended, on %s', async (adapter) => {
    const variables = await openStore(store);
    const port = await freePort();
    const stop = await start(adapter, port, variables);
    const visitor = new Client(`http://127.0.0.1:${port}`);
    expect((await visitor.post('/login', { name: 'ada' })).status).toBe(204);
    if (store === 'cookie') for (let count = 0; count < 12; count++) await visitor.post('/visit');
    else {
      const visits = Array.from({ length: 12 }, () => visitor.copy().post('/visit'));
      expect((await Promise.all(visits)).map(({ status }) => status)).toEqual(visits.map(() => 201));
    }
    expect((await visitor.get('/me')).body).toEqual({ userId: 'ada', visits: 12 });

    await stop();
    await start(adapter, port, variables);
    expect((await visitor.get('/me')).status).toBe(isKept ? 200 : 401);
    if (!isKept) await visitor.post('/login', { name: 'ada' });
    expect((await visitor.get('/me')).body).toEqual({ userId: 'ada', visits: isKept ? 12 : 0 });
    const stolen = visitor.copy();
    expect((await visitor.post('/logout')).status).toBe(204);
    expect((await visitor.get('/me')).status).toBe(401);
    expect((await stolen.get('/me')).status).toBe(401);
  });
});
