import { type DynamicModule, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { SessionModule } from 'nest-session';
import { redisStore } from 'nest-session/redis';
import { SessionEntity, typeOrmStore } from 'nest-session/typeorm';
import { InstanceName } from './instance-name.js';
import { VisitsController } from './visits.controller.js';

export interface AppSettings {
  readonly instance: string;
  /** The first signs, all verify. */
  readonly secrets: readonly string[];
  /** Sessions are in PostgreSQL or in Redis. */
  readonly databaseUrl: string | undefined;
  readonly redisUrl: string | undefined;
  /** The prefix of keys in Redis. */
  readonly redisPrefix: string;
}

@Module({})
export class AppModule {
  static forRoot({ instance, secrets, databaseUrl, redisUrl, redisPrefix }: AppSettings): DynamicModule {
    const secret = [...secrets];
    const inRedis = redisUrl !== undefined;
    return {
      module: AppModule,
      imports: inRedis
        ? [SessionModule.forRoot({ secret, store: redisStore({ url: redisUrl, prefix: redisPrefix }) })]
        : [
            // No `migrationsRun`: several instances that start at once would all try to create the table.
            TypeOrmModule.forRoot({ type: 'postgres', url: databaseUrl!, entities: [SessionEntity] }),
            SessionModule.forRoot({ secret, store: typeOrmStore() }),
          ],
      controllers: [VisitsController],
      providers: [{ provide: InstanceName, useValue: new InstanceName(instance) }],
    };
  }
}
