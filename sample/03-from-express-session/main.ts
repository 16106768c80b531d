import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { DynamicModule, INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import pg from 'pg';
import { readEnvironment } from '../support/environment.js';
import { keptSecret } from '../support/kept-secret.js';
import { findFreePort, startEmbeddedPostgres, type EmbeddedPostgres } from '../support/embedded-postgres.js';
import * as before from './before.js';
import * as step1 from './step-1.js';
import { Step2 } from './step-2.js';
import { Step3 } from './step-3.js';

/** The path of a file beside the sources: this file runs from `dist/03-from-express-session`. */
const beside = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));

let postgres: EmbeddedPostgres | undefined;
let pool: pg.Pool | undefined;
let stopping: Promise<void> | undefined;
const apps: INestApplication[] = [];
const servers: Server[] = [];

try {
  const { host, port = 3000, ...environment } = readEnvironment(process.env);
  const secret = environment.secret ?? (await keptSecret(beside('.data/secret')));
  if (environment.databaseUrl === undefined) {
    console.log('Starting PostgreSQL …');
    postgres = await startEmbeddedPostgres({ dataDir: beside('.data/postgres') });
  }
  const connectionString = environment.databaseUrl ?? postgres!.url;
  const database = (pool = new pg.Pool({ connectionString }));

  const steps: [name: string, listener: RequestListener][] = [
    ['before', before.start(database, secret)],
    ['step 1', step1.start(database, secret)],
    ['step 2', await listenerOf(Step2.with(database, secret))],
    ['step 3', await listenerOf(Step3.with(connectionString, secret))],
  ];
  for (const [index, [name, listener]] of steps.entries()) {
    const server = createServer(listener);
    servers.push(server);
    server.listen(await findFreePort(port + index, host), host);
    await once(server, 'listening');
    console.log(`${name}: http://${host}:${(server.address() as { port: number }).port}`);
  }
  createInterface(process.stdin).on('line', () => void move(database));
  process.on('SIGINT', () => void stop()).on('SIGTERM', () => void stop());
  console.log('Press Enter to move the sessions to the table of step 3, Ctrl-C to stop.');
} catch (error) {
  console.error('The sample cannot start:', (error as Error).message || error);
  await stop();
  process.exit(1);
}

async function listenerOf(module: DynamicModule): Promise<RequestListener> {
  const app = await NestFactory.create(module, { abortOnError: false, logger: ['error', 'warn'] });
  apps.push(app);
  await app.init();
  return app.getHttpAdapter().getInstance() as RequestListener;
}

/** Runs both files over one connection, because the temporary view of the first file exists only there. */
async function move({ options }: pg.Pool): Promise<void> {
  const client = new pg.Client(options);
  try {
    await client.connect();
    await client.query(await readFile(beside('sql/old-sessions-of-connect-pg-simple.sql'), 'utf8'));
    const { rowCount } = await client.query(await readFile(beside('sql/move-sessions.sql'), 'utf8'));
    console.log(`Sessions moved: ${rowCount}`);
  } catch (error) {
    console.error('No session moved:', (error as Error).message);
  } finally {
    await client.end();
  }
}

/** Each part is stopped before the parts that it needs. */
function stop(): Promise<void> {
  return (stopping ??= (async () => {
    process.stdin.destroy();
    for (const server of servers) server.close().closeAllConnections();
    for (const app of apps) await app.close();
    await pool?.end();
    await postgres?.stop();
  })());
}
