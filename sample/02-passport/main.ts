import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { readEnvironment } from '../01-accounts/environment.js';
import { keptSecret } from '../01-accounts/kept-secret.js';
import { findFreePort, startEmbeddedPostgres, type EmbeddedPostgres } from '../support/embedded-postgres.js';
import { AppModule } from './app.module.js';

/** Beside the sources: this file runs from `dist/02-passport`. */
const DATA = fileURLToPath(new URL('../../.data', import.meta.url));

let postgres: EmbeddedPostgres | undefined;
let app: INestApplication | undefined;
let stopping: Promise<void> | undefined;

try {
  const { host, port, ...environment } = readEnvironment(process.env);
  const secret = environment.secret ?? (await keptSecret(join(DATA, 'secret')));
  let { databaseUrl } = environment;
  if (databaseUrl === undefined) {
    postgres = await startEmbeddedPostgres({ dataDir: join(DATA, 'postgres') });
    databaseUrl = postgres.url;
  }
  app = await NestFactory.create(AppModule.forRoot({ databaseUrl, secret }), {
    abortOnError: false,
    logger: ['warn'],
  });
  app.enableCsrfProtection();
  await app.listen(port ?? (await findFreePort(3000, host)), host);
  process.on('SIGINT', () => void stop()).on('SIGTERM', () => void stop());
  console.log(`The sample listens on ${await app.getUrl()}`);
} catch (error) {
  console.error(`The sample cannot start: ${(error as Error).message || String(error)}`);
  await stop();
  process.exit(1);
}

/** First the application, then the server it uses. Once, however many signals come. */
function stop(): Promise<void> {
  return (stopping ??= Promise.resolve(app?.close()).then(() => postgres?.stop()));
}
