import { expect, it } from '@jest/globals';
import { sessionTable, SqlSessionStore } from 'nest-session/sql';
import pg from 'pg';
import { createDatabase } from '../../support/database.js';
import { openSite } from '../../support/site.js';
import { Traffic } from './traffic.js';

it('PgBouncer in transaction mode, whose server connections are cut under load, undoes nothing', async () => {
  const database = await createDatabase();
  const pool = new pg.Pool({ connectionString: database.url });
  pool.on('error', () => undefined); // a connection was cut while nobody used it
  await pool.query(sessionTable('postgres'));
  const store = new SqlSessionStore(pool);
  const site = await openSite({ kind: 'postgres', store, close: () => Promise.resolve() });
  const server = new pg.Client({ connectionString: process.env.PGBOUNCER_SERVER! });
  await server.connect();

  const traffic = new Traffic(site);
  let cut = 0;
  for (let round = 0; round < 8; round++) {
    await traffic.more(50);
    const { rowCount } = await server.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1',
      [new URL(database.url).pathname.slice(1)],
    );
    cut += rowCount ?? 0;
  }
  await traffic.more(100);
  await traffic.stop();
  console.info(`${cut} connections cut: ${JSON.stringify(traffic.statuses)}`);
  expect(cut).toBeGreaterThan(0);
  expect(traffic.statuses[200]).toBeGreaterThan(200);
  expect(traffic.undone).toEqual([]);

  await server.end();
  await site.close();
  await pool.end();
  await database.drop();
});
