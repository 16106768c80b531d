import { setTimeout as delay } from 'node:timers/promises';
import type { Bench } from '../bench.js';
import { PostgresServer } from '../measure/postgres-server.js';
import { RedisServer } from '../measure/redis-server.js';
import type { StoreServer } from '../measure/store-server.js';
import { percentile } from '../measure/statistics.js';
import type { ScaleStore } from '../options.js';
import { openMariadb } from '../scale/mariadb.js';
import { openPostgres } from '../scale/postgres.js';
import { openRedis } from '../scale/redis.js';
import { Sessions } from '../scale/sessions.js';
import type { ScaleTarget } from '../scale/target.js';

/** As many sessions as one call of the store is about when the application is busy. */
const BATCH = 64;

/** Rows that one statement of the filling makes. */
const FILL = 100_000;

/** What somebody with that many sessions gives the server; the defaults are for a laptop. */
const SETTINGS = { shared_buffers: '2GB', max_wal_size: '16GB' };

/** Milliseconds of a call. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
}

/** What one session costs in calls for many. */
interface Batched {
  /** Sessions. */
  readonly perSecond: number;
  /** Microseconds of the server's CPU. */
  readonly cpu: number | undefined;
  /** Bytes in the server's log. */
  readonly logged: number | undefined;
}

/** A store with so many rows. */
export interface ScaleResult {
  readonly title: string;
  readonly server: string;
  readonly rows: number;
  readonly fillSeconds: number;
  /** Bytes a session, of each part of the store. */
  readonly bytes: Readonly<Record<string, number>>;
  /** A call for one session. */
  readonly read: Latency;
  readonly change: Latency;
  readonly list: Latency;
  /** In calls for 64 sessions, one call at a time. */
  readonly reads: Batched;
  readonly changes: Batched;
  readonly pruning: Pruning | undefined;
  readonly vacuumSeconds: number | undefined;
}

/** Removing expired rows while others are read and changed. */
interface Pruning {
  readonly rows: number;
  readonly seconds: number;
  readonly before: Latency;
  readonly during: Latency;
}

/** One store after the other with `--rows` sessions in it, without any application before it. */
export async function measureScale(bench: Bench, say: (line: string) => void): Promise<ScaleResult[]> {
  const results: ScaleResult[] = [];
  for (const name of bench.options.stores) {
    const server = await serverOf(name, bench);
    const target = await open(name, server);
    if (target === undefined) say(`${name} is left out: there is no such server. MariaDB needs MYSQL_URL.`);
    else results.push(await measure(target, bench, say).finally(() => target.close()));
    await server?.stop();
  }
  return results;
}

async function serverOf(name: ScaleStore, { options }: Bench): Promise<StoreServer | undefined> {
  if (name === 'mariadb') return undefined;
  if (name === 'redis') return RedisServer.start();
  return PostgresServer.start({ durable: !options.smoke, settings: SETTINGS });
}

async function open(name: ScaleStore, server: StoreServer | undefined): Promise<ScaleTarget | undefined> {
  if (name === 'mariadb') return openMariadb();
  if (name === 'redis') return server && openRedis(server);
  return openPostgres(server!, name);
}

async function measure(
  target: ScaleTarget,
  { options }: Bench,
  say: (line: string) => void,
): Promise<ScaleResult> {
  const { seconds } = options;
  const start = performance.now();
  let rows = 0;
  for (let more = true; more && rows < options.rows;) {
    const next = Math.min(rows + FILL, options.rows);
    more = await target.fill(rows, next);
    rows = next;
    if (rows % (10 * FILL) === 0)
      say(`${target.title}: ${rows} rows after ${((performance.now() - start) / 1000).toFixed(0)} s`);
  }
  const fillSeconds = (performance.now() - start) / 1000;
  await target.settle();
  const bytes = [...(await target.bytes())].map(([name, sum]) => [name, sum / rows] as const);
  const sessions = new Sessions(target, rows);
  const work = {
    read: () => sessions.read(1),
    change: () => sessions.change(1),
    list: () => sessions.list(),
  };
  for (const call of Object.values(work)) await repeat(call, Math.min(1, seconds)); // until it is compiled
  const read = latencyOf((await repeat(work.read, seconds)).latencies);
  const change = latencyOf((await repeat(work.change, seconds)).latencies);
  const list = latencyOf((await repeat(work.list, seconds)).latencies);
  const reads = await batched(() => sessions.read(BATCH), target, seconds);
  const changes = await batched(() => sessions.change(BATCH), target, seconds);
  const pruning = target.store.prune && (await prune(sessions, target, seconds));
  const vacuumStart = performance.now();
  await target.vacuum?.();
  const vacuumSeconds = target.vacuum && (performance.now() - vacuumStart) / 1000;
  return {
    title: target.title,
    server: target.server,
    rows,
    fillSeconds,
    bytes: Object.fromEntries(bytes),
    read,
    change,
    list,
    reads,
    changes,
    pruning,
    vacuumSeconds,
  };
}

interface Repeated {
  readonly latencies: number[];
  /** Calls. */
  readonly perSecond: number;
}

/** One call after the other. */
async function repeat(call: () => Promise<void>, seconds: number): Promise<Repeated> {
  const latencies: number[] = [];
  const start = performance.now();
  let last = start;
  while (last - start < seconds * 1000) {
    await call();
    const now = performance.now();
    latencies.push(now - last);
    last = now;
  }
  return { latencies, perSecond: (latencies.length * 1000) / (last - start) };
}

/** Calls for many sessions. */
async function batched(call: () => Promise<void>, target: ScaleTarget, seconds: number): Promise<Batched> {
  const read = async () => [await target.cpu?.(), await target.logged?.()] as const;
  const before = await read();
  const { latencies, perSecond } = await repeat(call, seconds);
  const after = await read();
  const spent = (index: 0 | 1): number | undefined => {
    const [from, to] = [before[index], after[index]];
    return from === undefined || to === undefined ? undefined : (to - from) / (latencies.length * BATCH);
  };
  return { perSecond: perSecond * BATCH, cpu: spent(0), logged: spent(1) };
}

/** A hundred reads and a hundred changes a second, before expired rows are removed, and meanwhile. */
async function prune(sessions: Sessions, { title }: ScaleTarget, seconds: number): Promise<Pruning> {
  const before = await paced(sessions, delay(seconds * 1000));
  const start = performance.now();
  let rows = 0;
  const pruned = sessions.prune().then((removed) => void (rows = removed));
  const during = await paced(sessions, pruned);
  if (rows === 0) throw new Error(`${title} had nothing to prune.`);
  return {
    rows,
    seconds: (performance.now() - start) / 1000,
    before: latencyOf(before),
    during: latencyOf(during),
  };
}

async function paced(sessions: Sessions, until: Promise<unknown>): Promise<number[]> {
  const latencies: number[] = [];
  const open = new Set<Promise<void>>();
  let running = true;
  const end = until.finally(() => (running = false));
  while (running) {
    for (const call of [() => sessions.read(1), () => sessions.change(1)]) {
      const start = performance.now();
      const done = call().then(() => {
        latencies.push(performance.now() - start);
        open.delete(done);
      });
      open.add(done);
    }
    await delay(10);
  }
  await Promise.all([end, ...open]);
  return latencies;
}

function latencyOf(latencies: readonly number[]): Latency {
  return { p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) };
}
