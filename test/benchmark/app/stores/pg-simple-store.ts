import connectPgSimple from 'connect-pg-simple';
import pg from 'pg';
import type { Setup, Surroundings } from '../setup.js';

type Done = (error?: Error | null) => void;

interface PgStore {
  get(id: string, done: Done): void;
  pruneSessions(done: Done): void;
}

const connect = connectPgSimple as (session: unknown) => new (options: object) => PgStore;

/** connect-pg-simple on a pool of its own, as large as TypeORM's, with its table and without its timer. */
export async function pgSimple(
  session: unknown,
  { url, options }: Surroundings,
): Promise<{ store: PgStore } & Required<Pick<Setup, 'close' | 'prune'>>> {
  const pool = new pg.Pool({ connectionString: url });
  const store = new (connect(session))({
    pool,
    createTableIfMissing: true,
    pruneSessionInterval: false,
    ...options,
  });
  // Any call makes the table, which a burst of first requests would try to make at once.
  await done((callback) => store.get('nobody', callback));
  return { store, close: () => pool.end(), prune: () => done((callback) => store.pruneSessions(callback)) };
}

function done(call: (callback: Done) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    call((error) => (error ? reject(error) : resolve()));
  });
}
