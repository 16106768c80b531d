import { type DynamicModule, Module } from '@nestjs/common';
import { SessionModule } from 'nest-session';
import session from 'nest-session/express';
import type { Pool } from 'pg';
import connectPgSimple from './packages/connect-pg-simple.js';
import { ShopController } from './shop.controller.js';

const PgStore = connectPgSimple(session);

/** SessionModule on the store of express-session. */
@Module({ controllers: [ShopController] })
export class Step2 {
  static with(pool: Pool, secret: string): DynamicModule {
    const sessions = SessionModule.forRoot({
      store: new PgStore({ pool }),
      secret,
      name: 'connect.sid',
      cookie: { maxAge: '7d', secure: false }, // as before
    });
    return { module: Step2, imports: [sessions] };
  }
}
