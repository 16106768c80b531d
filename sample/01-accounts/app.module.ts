import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CsrfGuard, SessionModule } from 'nest-session';
import { CreateSessionTable, SessionEntity, typeOrmStore } from 'nest-session/typeorm';
import { AccountsModule } from './accounts/accounts.module.js';
import { SignInFilter } from './accounts/sign-in.filter.js';
import { CartModule } from './cart/cart.module.js';
import { DevicesModule } from './devices/devices.module.js';
import { NotesModule } from './notes/notes.module.js';
import { ErrorPageFilter } from './pages/error-page.filter.js';
import { PagesModule } from './pages/pages.module.js';
import { Settings, SettingsModule } from './settings.js';
import { CreateUserTable } from './users/create-user-table.migration.js';
import { User } from './users/user.entity.js';

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
            connectTimeoutMS: 5_000,
            toRetry: () => false, // report an error at once
          }),
        }),
        SessionModule.forRootAsync({
          inject: [Settings],
          useFactory: ({ secret, https }: Settings) => ({
            secret,
            store: typeOrmStore(),
            idleTimeout: '12h',
            absoluteTimeout: '7d',
            load: 'lazy', // no query for the stylesheet
            ...(https && { cookie: { secure: true }, deviceBound: true }),
          }),
        }),
        AccountsModule,
        CartModule,
        DevicesModule,
        NotesModule,
        PagesModule,
      ],
      providers: [
        // Refuses forms that other sites send.
        { provide: APP_GUARD, useClass: CsrfGuard },
        // If several filters match, Nest takes the last one.
        { provide: APP_FILTER, useClass: ErrorPageFilter },
        { provide: APP_FILTER, useClass: SignInFilter },
      ],
    };
  }
}
