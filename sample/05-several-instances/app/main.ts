import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';

/** One instance, in a process of its own: `../instance.ts` starts it. */
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
// What the proxy says of the visitor (X-Forwarded-For and -Proto) is believed, and of nobody else.
app.set('trust proxy', 'loopback');
app.enableCsrfProtection();

/** Requests under way are answered, their sessions stored, and connections to the store closed: then it ends by itself. */
let stopping: Promise<void> | undefined;
const stop = (): void => {
  stopping ??= app.close().then(() => {
    if (process.connected) process.disconnect();
  });
};
process.on('SIGTERM', stop);
process.on('disconnect', stop); // whoever started it is gone
// Ctrl-C reaches the whole group of processes: who started this one says when it is its turn.
process.on('SIGINT', () => undefined);

await app.listen(0, '127.0.0.1');
process.send?.({ url: await app.getUrl() });
