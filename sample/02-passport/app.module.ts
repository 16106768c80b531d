import { Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { SessionModule } from 'nest-session';
import { CreateSessionTable, SessionEntity, typeOrmStore } from 'nest-session/typeorm';
import { Settings, SettingsModule } from '../01-accounts/settings.js';
import { CreateUserTable } from '../01-accounts/users/create-user-table.migration.js';
import { User } from '../01-accounts/users/user.entity.js';
import { AuthModule } from './auth/auth.module.js';
import { GreetingController } from './greeting.controller.js';

@Module({})
export class AppModule {
  static forRoot(settings: Settings): DynamicModule {
    return {
      module: AppModule,
      imports: [
        SettingsModule.forRoot(settings),
        TypeOrmModule.forRootAsync({
          inject: [Settings],
          useFactory: ({ databaseUrl }: Settings) => ({
            type: 'postgres',
            url: databaseUrl,
            entities: [User, SessionEntity],
            migrations: [CreateSessionTable, CreateUserTable],
            migrationsRun: true,
            toRetry: () => false,
          }),
        }),
        SessionModule.forRootAsync({
          inject: [Settings],
          useFactory: ({ secret }: Settings) => ({
            secret,
            store: typeOrmStore(),
            maxSessionsPerUser: 5,
          }),
        }),
        AuthModule,
      ],
      controllers: [GreetingController],
    };
  }
}
