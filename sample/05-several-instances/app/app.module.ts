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
  /** Where the sessions are: in the one or the other. */
  readonly databaseUrl: string | undefined;
  readonly redisUrl: string | undefined;
  /** What keys in Redis begin with. */
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
            // No `migrationsRun`: several instances that start at once would all begin to make the table.
            TypeOrmModule.forRoot({ type: 'postgres', url: databaseUrl!, entities: [SessionEntity] }),
            SessionModule.forRoot({ secret, store: typeOrmStore() }),
          ],
      controllers: [VisitsController],
      providers: [{ provide: InstanceName, useValue: new InstanceName(instance) }],
    };
  }
}
