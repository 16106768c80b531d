import { readFile } from 'node:fs/promises';
import { sessionTable, SqlSessionStore } from 'nest-session/sql';
import pg from 'pg';
import type { StoreServer } from '../measure/store-server.js';
import { EXPIRED_ONE_IN, recordOf, USERS } from './rows.js';
import type { ScaleTarget } from './target.js';

/** The table as it is made, and what an operator may make of it. */
const KINDS = {
  postgres: () => Promise.resolve('SELECT 1'),
  'postgres-unlogged': () => Promise.resolve('ALTER TABLE nest_session SET UNLOGGED'),
  'postgres-partitions': () => readFile('sample/05-several-instances/sql/partition-sessions.sql', 'utf8'),
} as const;

const digestOf = (prefix: string): string =>
  `translate(rtrim(encode(sha256(('${prefix}-' || i)::bytea), 'base64'), '='), '+/', '-_')`;

/** Copies the first row under other keys, tokens and users. */
const COPY = `INSERT INTO nest_session (handle, token, epoch, version, user_id, data, meta, created_at, last_seen_at, expires_at, authenticated_at, ip, user_agent)
SELECT left(${digestOf('key')}, 22), ${digestOf('token')}, 1, 1, 'user-' || i % ${USERS}, t.data, t.meta, t.created_at, t.last_seen_at,
  CASE WHEN i % ${EXPIRED_ONE_IN} = 0 THEN t.created_at - 86400000 ELSE t.expires_at END, t.authenticated_at, t.ip, t.user_agent
FROM generate_series($1::int, $2::int - 1) i, (SELECT * FROM nest_session LIMIT 1) t`;

export async function openPostgres(server: StoreServer, kind: keyof typeof KINDS): Promise<ScaleTarget> {
  const place = `scale_${kind}`;
  const pool = new pg.Pool({ connectionString: await server.fresh(place) });
  pool.on('error', () => undefined); // its last connections, when the database is removed
  await pool.query(sessionTable('postgres'));
  await pool.query(await KINDS[kind]());
  const store = new SqlSessionStore(pool);
  await store.start();
  await store.create([recordOf(-1, 1)]);
  return {
    title: kind,
    server: server.description,
    store,
    async fill(from, to) {
      await pool.query(COPY, [from, to]);
      return true;
    },
    settle: () => server.settle(place),
    async bytes() {
      const { rows } = await pool.query<{ name: string; bytes: string }>(
        `SELECT regexp_replace(c.relname, '_\\d+|\\d+$', '', 'g') AS name, sum(pg_relation_size(c.oid)) AS bytes
        FROM pg_class c WHERE c.relname LIKE '%nest_session%' AND c.relkind IN ('r', 'i') GROUP BY 1 ORDER BY 2 DESC`,
      );
      return new Map(rows.map(({ name, bytes }) => [name, Number(bytes)]));
    },
    cpu: async () => server.cpu(),
    async logged() {
      const { rows } = await pool.query<{ at: string }>(
        `SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS at`,
      );
      return Number(rows[0]!.at);
    },
    async vacuum() {
      await pool.query('VACUUM (ANALYZE) nest_session');
    },
    async close() {
      await pool.end();
      await server.remove(place);
    },
  };
}
