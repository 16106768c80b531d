import type { DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { MemorySessionStore, type SessionModuleOptions } from 'nest-session';
import { redisStore } from 'nest-session/redis';
import { CreateSessionTable, SessionEntity, typeOrmStore } from 'nest-session/typeorm';

const { DATABASE_URL, REDIS_URL } = process.env;

/** The database, where one is given. */
export const databases: DynamicModule[] =
  DATABASE_URL === undefined
    ? []
    : [
        TypeOrmModule.forRoot({
          type: 'postgres',
          url: DATABASE_URL,
          entities: [SessionEntity],
          migrations: [CreateSessionTable],
          migrationsRun: true,
        }),
      ];

/** Sessions in PostgreSQL, in Redis, or in memory: wherever an address leads. */
export const options: SessionModuleOptions = {
  secret: 'a secret of more than thirty-two bytes',
  store:
    DATABASE_URL !== undefined
      ? typeOrmStore()
      : REDIS_URL !== undefined
        ? redisStore({ url: REDIS_URL, prefix: process.env.REDIS_PREFIX ?? 'consumer:' })
        : new MemorySessionStore(),
};
