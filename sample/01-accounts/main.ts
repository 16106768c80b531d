import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConsoleLogger, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { findFreePort, startEmbeddedPostgres, type EmbeddedPostgres } from '../support/embedded-postgres.js';
import { AppModule } from './app.module.js';
import { readEnvironment } from './environment.js';
import { keptSecret } from './kept-secret.js';
import { protect } from './protect.js';

/** Beside the sources: this file runs from `dist/01-accounts`. */
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
    logger: { log: ignore, error: ignore, warn: (message: unknown) => console.warn(message) },
  });
  protect(app);
  await app.listen(port ?? (await findFreePort(3000, host)), host);
  app.useLogger(new ConsoleLogger({ logLevels: ['warn'] }));
  process.on('SIGINT', () => void stop()).on('SIGTERM', () => void stop());
  console.log(`The sample listens on ${await app.getUrl()}`);
} catch (error) {
  console.error(`The sample cannot start: ${reasonOf(error)}`);
  await stop();
  process.exit(1);
}

/**
 * First the application, then the server it uses: `enableShutdownHooks()` would end the process before the latter has
 * stopped. Afterwards nothing is open, and the process ends by itself. Once, however many signals come.
 */
function stop(): Promise<void> {
  return (stopping ??= Promise.resolve(app?.close()).then(() => postgres?.stop()));
}

function ignore(): void {
  // What stops the start is said once, below.
}

function reasonOf(error: unknown): string {
  const { code, port, message } = error as NodeJS.ErrnoException & { port?: number };
  if (code === 'EADDRINUSE') return `port ${port} is taken. Set PORT to another one, or leave it unset.`;
  return message || String(code ?? error);
}
