import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';

/** One instance, in its own process. `../instance.ts` starts it. */
const {
  INSTANCE = '1',
  SESSION_SECRETS = '',
  DATABASE_URL,
  REDIS_URL,
  REDIS_PREFIX = 'sample-05:',
} = process.env;

const app = await NestFactory.create<NestExpressApplication>(
  AppModule.forRoot({
    instance: INSTANCE,
    secrets: SESSION_SECRETS.split(','),
    databaseUrl: DATABASE_URL,
    redisUrl: REDIS_URL,
    redisPrefix: REDIS_PREFIX,
  }),
  { logger: ['error', 'warn'] },
);
// Trusts X-Forwarded-For and X-Forwarded-Proto only from the proxy.
app.set('trust proxy', 'loopback');
app.enableCsrfProtection();

/** Answers requests in flight, stores their sessions and closes connections to the store. Then the process ends. */
let stopping: Promise<void> | undefined;
const stop = (): void => {
  stopping ??= app.close().then(() => {
    if (process.connected) process.disconnect();
  });
};
process.on('SIGTERM', stop);
process.on('disconnect', stop); // whoever started it is gone
// Ctrl-C reaches the whole process group. The parent process decides when this one stops.
process.on('SIGINT', () => undefined);

await app.listen(0, '127.0.0.1');
process.send?.({ url: await app.getUrl() });
