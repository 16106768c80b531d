import pg from 'pg';
import type { Variant } from '../variants.js';

/** The variants whose tables can be filled by SQL. */
export const TABLES = ['postgres', 'pg-simple'] as const;

/** The id of a session that was made here. */
export function idOfRow(index: number): string {
  return `nest-session-benchmark-row-${index}`;
}

const ID = `'${idOfRow(0).slice(0, -1)}' || i`;

/** Copies a session that is there, under the ids from `from` to before `to`, ending `life` milliseconds from now. */
function statementFor({ name }: Variant): string {
  if (name === 'pg-simple') {
    return `INSERT INTO session (sid, sess, expire)
      SELECT ${ID}, t.sess, now() + $3::bigint * interval '1 millisecond'
      FROM generate_series($1::int, $2::int - 1) i, (SELECT * FROM session LIMIT 1) t`;
  }
  const digest = `translate(rtrim(encode(sha256((${ID})::bytea), 'base64'), '='), '+/', '-_')`;
  const now = `(extract(epoch FROM now()) * 1000)::bigint`;
  return `INSERT INTO nest_session (handle, token, epoch, version, user_id, data, meta, created_at, last_seen_at, expires_at, authenticated_at, ip, user_agent)
    SELECT ${digest}, ${digest}, 1, 1, 'user-' || i, t.data, t.meta, ${now}, ${now}, ${now} + $3::bigint, ${now}, t.ip, t.user_agent
    FROM generate_series($1::int, $2::int - 1) i, (SELECT * FROM nest_session LIMIT 1) t`;
}

/** Adds rows, a hundred thousand at a time. */
export async function addRows(
  url: string,
  variant: Variant,
  { from, to, life }: { from: number; to: number; life: number },
): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (let at = from; at < to; at += 100_000) {
      await client.query(statementFor(variant), [at, Math.min(at + 100_000, to), life]);
    }
  } finally {
    await client.end();
  }
}
