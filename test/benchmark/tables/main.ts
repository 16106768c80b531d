import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { SessionRecord } from 'nest-session';
import { RedisSessionStore } from 'nest-session/redis';
import { CreateSessionTable, SessionEntity, TypeOrmSessionStore } from 'nest-session/typeorm';
import { createClient } from 'redis';
import { DataSource } from 'typeorm';
import { PostgresServer } from '../measure/postgres-server.js';
import { RedisServer } from '../measure/redis-server.js';
import { type Figure, figureOf } from '../measure/statistics.js';
import { median, table } from '../report/table.js';

/** As many as one call of the store is about. */
const BATCH = 64;

const [sessions = 100_000, rounds = 3, seconds = 3] = process.argv.slice(2).map(Number);

/** The table of the migration, and what an operator may make of it. */
const KINDS: [name: string, change: () => Promise<string>][] = [
  ['as the migration makes it', () => Promise.resolve('SELECT 1')],
  ['UNLOGGED', () => Promise.resolve('ALTER TABLE nest_session SET UNLOGGED')],
  ['8 partitions', () => readFile('sample/05-several-instances/sql/partition-sessions.sql', 'utf8')],
];

/** What was measured of one kind. */
interface Measured {
  readonly name: string;
  bytes?: number;
  readonly writes: number[];
  readonly wal: number[];
  readonly reads: number[];
}

/** A session of somebody who is signed in, with about 600 bytes of data. */
function newRecord(index: number): SessionRecord {
  const now = Date.now();
  return {
    key: randomBytes(16).toString('base64url'),
    token: randomBytes(32).toString('base64url'),
    previousToken: null,
    previousUntil: null,
    epoch: 1,
    version: 1,
    data: dataOf(index, 1),
    meta: null,
    userId: `user-${index}`,
    reference: null,
    createdAt: now,
    lastSeenAt: now,
    expiresAt: now + 3_600_000,
    authenticatedAt: now,
    ip: '127.0.0.1',
    userAgent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36',
  };
}

function dataOf(index: number, visits: number): string {
  return JSON.stringify({ userId: `user-${index}`, visits, cart: 'x'.repeat(550) });
}

/** As a request makes it: one of the keys is another, and the deadline moves. */
function changed(record: SessionRecord, index: number): SessionRecord {
  const now = Date.now();
  const version = record.version + 1;
  return { ...record, version, data: dataOf(index, version), lastSeenAt: now, expiresAt: now + 3_600_000 };
}

interface Store {
  create(records: readonly SessionRecord[]): Promise<unknown>;
}

async function fill(store: Store): Promise<SessionRecord[]> {
  const records = Array.from({ length: sessions }, (_, index) => newRecord(index));
  for (let at = 0; at < sessions; at += 1_000) await store.create(records.slice(at, at + 1_000));
  return records;
}

/** So many others each time, in an order of their own. */
function someOf(records: readonly SessionRecord[]): number[] {
  const chosen = new Set<number>();
  while (chosen.size < BATCH) chosen.add(Math.floor(Math.random() * records.length));
  return [...chosen];
}

/** How often a second `work` is done for a session. */
async function rateOf(work: () => Promise<unknown>): Promise<{ rate: number; count: number }> {
  const start = performance.now();
  let count = 0;
  for (; performance.now() - start < seconds * 1_000; count += BATCH) await work();
  return { rate: (count * 1_000) / (performance.now() - start), count };
}

async function measure(dataSource: DataSource, records: SessionRecord[], measured: Measured): Promise<void> {
  const store = new TypeOrmSessionStore(dataSource);
  const walPosition = async (): Promise<number> => {
    const rows = await dataSource.query<{ at: string }[]>(
      `SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS at`,
    );
    return Number(rows[0]!.at);
  };
  const before = await walPosition();
  const { rate, count } = await rateOf(async () => {
    const chosen = someOf(records);
    const changes = chosen.map((index) => {
      const record = records[index]!;
      const next = changed(record, index);
      records[index] = next;
      return { key: record.key, version: record.version, next };
    });
    const outcomes = await store.update(changes);
    if (outcomes.some((outcome) => outcome !== true)) throw new Error('a change was refused');
  });
  measured.writes.push(rate);
  measured.wal.push(((await walPosition()) - before) / count);
  const reads = await rateOf(() => store.read(someOf(records).map((index) => records[index]!.key)));
  measured.reads.push(reads.rate);
}

async function measurePostgres(): Promise<string> {
  const server = await PostgresServer.start({ durable: true });
  const all: { dataSource: DataSource; records: SessionRecord[]; measured: Measured }[] = [];
  try {
    const url = await server.fresh('tables');
    for (const [name, change] of KINDS) {
      const schema = `kind_${all.length}`;
      const dataSource = await new DataSource({
        type: 'postgres',
        url: `${url}?options=-c%20search_path%3D${schema}`,
        entities: [SessionEntity],
        migrations: [CreateSessionTable],
      }).initialize();
      await dataSource.query(`CREATE SCHEMA ${schema}`);
      await dataSource.runMigrations();
      await dataSource.query(await change());
      const records = await fill(new TypeOrmSessionStore(dataSource));
      const rows = await dataSource.query<{ bytes: string }[]>(
        `SELECT sum(pg_total_relation_size(inhrelid)) AS bytes FROM (
           SELECT inhrelid FROM pg_inherits WHERE inhparent = 'nest_session'::regclass
           UNION ALL SELECT 'nest_session'::regclass) AS parts`,
      );
      const measured: Measured = { name, writes: [], wal: [], reads: [] };
      measured.bytes = Number(rows[0]!.bytes) / sessions;
      all.push({ dataSource, records, measured });
    }
    await server.settle('tables');
    // The first round after a checkpoint writes whole pages into the log: it is not counted.
    for (let round = 0; round <= rounds; round++) {
      for (const { dataSource, records, measured } of all) {
        const uncounted: Measured = { name: '', writes: [], wal: [], reads: [] };
        await measure(dataSource, records, round === 0 ? uncounted : measured);
      }
    }
    const rows = all.map(({ measured: { name, bytes, writes, wal, reads } }) => [
      name,
      bytes!.toFixed(0),
      spread(figureOf(writes)),
      spread(figureOf(wal)),
      spread(figureOf(reads)),
    ]);
    return `${server.description}\n${table(['table', 'bytes a session', 'changes/s', 'log bytes a change', 'reads/s'], rows)}`;
  } finally {
    for (const { dataSource } of all) await dataSource.destroy();
    await server.stop();
  }
}

async function measureRedis(): Promise<string> {
  const server = await RedisServer.start();
  if (server === undefined) return 'There is no Redis: apt-get install redis-server.';
  const client = createClient({ url: await server.fresh('tables') });
  try {
    await client.connect();
    const used = async (): Promise<number> =>
      Number(/^used_memory:(\d+)/m.exec(await client.info('memory'))?.[1]);
    const before = await used();
    const prefix = 'nest-session-tables:';
    const store = new RedisSessionStore({ client, prefix });
    await fill(store);
    const bytes = ((await used()) - before) / sessions;
    await store.deleteAll();
    return `${server.description}\n${bytes.toFixed(0)} bytes of memory a session`;
  } finally {
    await client.close();
    await server.stop();
  }
}

function spread(figure: Figure): string {
  return `${median(figure)} (${figure.min.toFixed(0)}–${figure.max.toFixed(0)})`;
}

console.log(
  `${sessions} sessions, ${BATCH} in each call of the store, one call at a time, ${rounds} rounds of ${seconds} s\n`,
);
console.log(await measurePostgres());
console.log(`\n${await measureRedis()}`);
