import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chown, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import mysql from 'mysql2/promise';
import { sessionTable, SqlSessionStore } from 'nest-session/sql';
import pg from 'pg';
import { SessionOptionsError } from '../../lib/errors/session-options.error.js';
import { MARIADBD, startMariaDb } from '../support/mariadb-server.js';
import { openSite, type Site } from '../support/site.js';
import { startServer } from './support/server.js';

/** A server of the spec's own, and a pool to it as an application has it. */
interface Own {
  readonly handle: ConstructorParameters<typeof SqlSessionStore>[0];
  /** Makes it what the old primary is after a failover: a replica. */
  demote(): Promise<unknown>;
  promote(): Promise<unknown>;
  close(): Promise<unknown>;
}

async function postgres(): Promise<Own> {
  const server = await startServer({ wal_level: 'replica' });
  const pool = new pg.Pool({ connectionString: server.url });
  pool.on('error', () => undefined); // its connections are cut when the server stops
  await pool.query(sessionTable('postgres'));
  return {
    handle: pool,
    async demote() {
      await server.stop();
      const cluster = join(server.dataDir, 'cluster');
      const signal = join(cluster, 'standby.signal');
      await writeFile(signal, '');
      const { uid, gid } = await stat(cluster);
      await chown(signal, uid, gid);
      await server.start();
      expect((await pool.query('SELECT pg_is_in_recovery() AS "is"')).rows).toEqual([{ is: true }]);
    },
    promote: () => pool.query('SELECT pg_promote()'),
    async close() {
      await pool.end();
      await server.remove();
    },
  };
}

async function mariaDb(): Promise<Own> {
  const server = await startMariaDb();
  await server.run(sessionTable('mysql'));
  // Those who may do everything may write in spite of read_only.
  await server.run(`CREATE USER app@'%' IDENTIFIED BY 'word'`);
  await server.run(`GRANT SELECT, INSERT, UPDATE, DELETE ON sessions.* TO app@'%'`);
  const pool = mysql.createPool(server.url.replace('root@', 'app:word@'));
  return {
    handle: pool,
    demote: () => server.run('SET GLOBAL read_only = on'),
    promote: () => server.run('SET GLOBAL read_only = off'),
    async close() {
      await pool.end();
      await server.remove();
    },
  };
}

const SERVERS = {
  'PostgreSQL as a hot standby': postgres,
  'MariaDB under read_only': MARIADBD === undefined ? undefined : mariaDb,
};

describe.each(Object.entries(SERVERS))('a server that becomes a replica: %s', (name, open) => {
  if (open === undefined) {
    it.skip(`${name} is not there`, () => undefined);
    return;
  }
  let own: Own;
  let site: Site;
  const newStore = (): SqlSessionStore => new SqlSessionStore(own.handle, { pruneInterval: false });

  beforeAll(async () => {
    own = await open();
    site = await openSite({ kind: name, store: newStore(), close: () => Promise.resolve() });
  }, 60_000);
  afterAll(async () => {
    await site.close();
    await own.close();
  });

  it('answers what changes something with 503, stops a start, and everything goes on afterwards', async () => {
    const client = site.client();
    expect((await client.post('/run/login', { userId: 'ada' })).status).toBe(200);
    await client.post('/run/set', { color: 'green' });

    await own.demote();
    expect(await client.get('/run/read')).toMatchObject({ status: 200, body: { color: 'green' } });
    for (const [path, body] of [
      ['/run/set', { color: 'red' }],
      ['/run/rotate', {}],
      ['/run/logout', {}],
    ] as const) {
      const refused = await client.post(path, body);
      expect([path, refused.status, refused.headers.get('retry-after')]).toEqual([path, 503, '1']);
    }
    expect((await site.client().post('/run/login', { userId: 'bob' })).status).toBe(503);
    const start = newStore().start();
    await expect(start).rejects.toThrow(SessionOptionsError);
    await expect(start).rejects.toThrow(/database of SqlSessionStore only reads.+writable server/);

    await own.promote();
    expect((await client.get('/run/read')).body).toEqual({ userId: 'ada', color: 'green' });
    expect((await client.post('/run/set', { color: 'blue' })).status).toBe(200);
    expect((await client.get('/run/read')).body).toEqual({ userId: 'ada', color: 'blue' });
    expect(await site.sessions.count()).toBe(1); // nothing of what was refused is there
    await newStore().start();
  }, 60_000);
});
