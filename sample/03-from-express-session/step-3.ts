import { type DynamicModule, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { SessionModule } from 'nest-session';
import { CreateSessionTable, SessionEntity, typeOrmStore } from 'nest-session/typeorm';
import { ShopController } from './shop.controller.js';

/** SessionModule on a store of this package. */
@Module({ controllers: [ShopController] })
export class Step3 {
  static with(databaseUrl: string, secret: string): DynamicModule {
    const database = TypeOrmModule.forRoot({
      type: 'postgres',
      url: databaseUrl,
      entities: [SessionEntity],
      migrations: [CreateSessionTable],
      migrationsRun: true,
      toRetry: () => false, // report an error at once
    });
    const sessions = SessionModule.forRoot({
      store: typeOrmStore(),
      secret,
      name: 'connect.sid',
      cookie: { maxAge: '7d' },
    });
    return { module: Step3, imports: [database, sessions] };
  }
}
