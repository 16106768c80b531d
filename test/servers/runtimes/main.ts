// What Node.js, Bun and Deno run. It serves until it is told to stop, at the address that it prints.
import { MemorySessionStore } from 'nest-session';
import { redisStore } from 'nest-session/redis';
import { sessionTable, sqlStore } from 'nest-session/sql';
import pg from 'pg';
import { createApp } from './app.js';

const { ADAPTER = 'Express', DATABASE_URL, REDIS_URL, PORT } = process.env;

async function storeOf() {
  if (REDIS_URL !== undefined) return redisStore({ url: REDIS_URL });
  if (DATABASE_URL === undefined) return new MemorySessionStore();
  const pool = new pg.Pool({ connectionString: DATABASE_URL });
  await pool.query(sessionTable('postgres'));
  return sqlStore({ client: pool });
}

const app = await createApp(ADAPTER, await storeOf());
app.enableShutdownHooks(['SIGTERM']); // without a list it asks for signals that Deno refuses
await app.listen(Number(PORT), '127.0.0.1');
process.on('SIGTERM', () => setTimeout(() => process.exit(0), 2_000).unref()); // the pool of pg stays open
console.log(`{ "listening": ${PORT} }`);
