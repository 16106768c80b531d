import mysql, { type RowDataPacket } from 'mysql2/promise';
import { sessionTable, SqlSessionStore } from 'nest-session/sql';
import { EXPIRED_ONE_IN, recordOf, USERS } from './rows.js';
import type { ScaleTarget } from './target.js';

const DATABASE = 'nest_session_benchmark_scale';

const digestOf = (prefix: string): string =>
  `replace(replace(trim(TRAILING '=' FROM to_base64(unhex(sha2(concat('${prefix}-', s.seq), 256)))), '+', '-'), '/', '_')`;

/** Copies the first row under other keys, tokens and users. */
const copy = (from: number, to: number): string =>
  `INSERT INTO nest_session (handle, token, epoch, version, user_id, data, meta, created_at, last_seen_at, expires_at, authenticated_at, ip, user_agent)
SELECT left(${digestOf('key')}, 22), ${digestOf('token')}, 1, 1, concat('user-', s.seq % ${USERS}), t.data, t.meta, t.created_at, t.last_seen_at,
  IF(s.seq % ${EXPIRED_ONE_IN} = 0, t.created_at - 86400000, t.expires_at), t.authenticated_at, t.ip, t.user_agent
FROM seq_${from}_to_${to - 1} s, template t`;

/** The MariaDB of `MYSQL_URL`, in a database of its own. Undefined without that variable. */
export async function openMariadb(): Promise<ScaleTarget | undefined> {
  const url = process.env.MYSQL_URL;
  if (!url) return undefined;
  const admin = await mysql.createConnection(url);
  await admin.query(`DROP DATABASE IF EXISTS ${DATABASE}`);
  await admin.query(`CREATE DATABASE ${DATABASE}`);
  const [[server]] = await admin.query<RowDataPacket[]>(
    'SELECT @@version AS version, @@innodb_buffer_pool_size >> 20 AS pool',
  );
  const address = new URL(url);
  address.pathname = `/${DATABASE}`;
  const pool = mysql.createPool({ uri: address.href, multipleStatements: false });
  await pool.query(sessionTable('mysql'));
  const store = new SqlSessionStore(pool);
  await store.start();
  await store.create([recordOf(-1, 1)]);
  await pool.query('CREATE TABLE template AS SELECT * FROM nest_session');
  return {
    title: 'mariadb',
    server: `MariaDB ${server!.version} (innodb_buffer_pool_size ${server!.pool} MB)`,
    store,
    async fill(from, to) {
      await pool.query(copy(from, to));
      return true;
    },
    async settle() {
      await pool.query('ANALYZE TABLE nest_session');
    },
    async bytes() {
      const [rows] = await pool.query<RowDataPacket[]>(
        `SELECT index_name AS name, stat_value * @@innodb_page_size AS bytes FROM mysql.innodb_index_stats
        WHERE database_name = '${DATABASE}' AND table_name = 'nest_session' AND stat_name = 'size' ORDER BY 2 DESC`,
      );
      return new Map(rows.map(({ name, bytes }) => [name as string, Number(bytes)]));
    },
    async close() {
      await pool.end();
      await admin.query(`DROP DATABASE ${DATABASE}`);
      await admin.end();
    },
  };
}
