import pg from 'pg';
import type { SessionContent } from '../session-content.js';
import type { SetUp } from '../setup.js';
import { withLeast } from './least.js';

const READ = 'SELECT id, data FROM least WHERE id = ANY($1)';

/** In one order, so that two statements wait for each other in one direction only. */
const WRITE = `INSERT INTO least SELECT * FROM unnest($1::text[], $2::text[]) ORDER BY 1
ON CONFLICT (id) DO UPDATE SET data = excluded.data`;

interface Row {
  readonly id: string;
  readonly data: string;
}

/** A table of ids and texts; what comes in one turn of the event loop shares a statement. */
const setUp: SetUp = async ({ url }) => {
  const pool = new pg.Pool({ connectionString: url });
  await pool.query('CREATE TABLE least (id text PRIMARY KEY, data text NOT NULL)');
  const read = batched(async (ids: readonly string[]) => {
    const { rows } = await pool.query<Row>({ name: 'read', text: READ, values: [ids] });
    const found = new Map(rows.map(({ id, data }) => [id, data]));
    return ids.map((id) => found.get(id));
  });
  const write = batched(async (rows: readonly Row[]) => {
    // One statement writes a row once: the last of those with one id.
    const last = [...new Map(rows.map((row) => [row.id, row.data]))];
    const values = [last.map(([id]) => id), last.map(([, data]) => data)];
    await pool.query({ name: 'write', text: WRITE, values });
    return rows;
  });
  return withLeast(
    {
      async read(id) {
        const data = await read(id);
        return data === undefined ? undefined : (JSON.parse(data) as SessionContent);
      },
      async write(id, content) {
        await write({ id, data: JSON.stringify(content) });
      },
    },
    () => pool.end(),
  );
};

/** Does one thing for all that is asked in a turn of the event loop. */
function batched<Item, Result>(
  work: (items: readonly Item[]) => Promise<readonly Result[]>,
): (item: Item) => Promise<Result> {
  let items: Item[] = [];
  let results: Promise<readonly Result[]>;
  return (item) => {
    if (items.push(item) === 1) {
      results = new Promise<void>(setImmediate).then(() => {
        const all = items;
        items = [];
        return work(all);
      });
    }
    const index = items.length - 1;
    return results.then((all) => all[index]!);
  };
}

export default setUp;
