import connectPgSimple from 'connect-pg-simple';
import type { Store } from 'nest-session/express';
import type { Pool } from 'pg';

interface PgStoreOptions {
  readonly pool: Pool;
  readonly createTableIfMissing?: boolean;
}

/** The package connect-pg-simple, with the types that this sample needs. */
export default connectPgSimple as (session: object) => new (options: PgStoreOptions) => Store;
