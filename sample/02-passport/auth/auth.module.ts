import { type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { PassportModule } from '@nestjs/passport';
import type { RequestHandler } from 'express';
import passport from 'passport';
import { UsersModule } from '../../01-accounts/users/users.module.js';
import { AuthController } from './auth.controller.js';
import { LocalStrategy } from './local.strategy.js';
import { UserSerializer } from './user.serializer.js';

@Module({
  imports: [
    UsersModule,
    // By default, a login with Passport starts an empty session. This option keeps the visitor's data, here the
    // language.
    PassportModule.register({ keepSessionInfo: true }),
  ],
  controllers: [AuthController],
  providers: [LocalStrategy, UserSerializer],
})
export class AuthModule implements NestModule {
  /** Finds the user of every request. It runs after the middleware of SessionModule. */
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(passport.session() as RequestHandler).forRoutes('{*path}');
  }
}
