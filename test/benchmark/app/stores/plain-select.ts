import pg from 'pg';
import { PLAIN_POOL } from '../controllers.js';
import type { SetUp } from '../setup.js';

class PlainPoolModule {}

const setUp: SetUp = async ({ url }) => {
  const pool = new pg.Pool({ connectionString: url });
  await pool.query('CREATE TABLE plain (id varchar(64) PRIMARY KEY, data text NOT NULL)');
  return {
    imports: [
      {
        module: PlainPoolModule,
        global: true,
        providers: [{ provide: PLAIN_POOL, useValue: pool }],
        exports: [PLAIN_POOL],
      },
    ],
    close: () => pool.end(),
  };
};

export default setUp;
