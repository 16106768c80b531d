// The application in JavaScript that requires what it needs, with its decorators put on by hand.
'use strict';
require('reflect-metadata');
const { Body, Controller, Get, HttpCode, Module, Post, UseGuards } = require('@nestjs/common');
const { NestFactory } = require('@nestjs/core');
const { TypeOrmModule } = require('@nestjs/typeorm');
const { RequireLogin, Session, SessionGuard, SessionModule, SessionService } = require('nest-session');
const { CreateSessionTable, SessionEntity, typeOrmStore } = require('nest-session/typeorm');

class AccountController {
  constructor(sessions) {
    this.sessions = sessions;
  }

  async login(session, { name }) {
    await session.login(name);
  }

  me(session) {
    session.visits = (session.visits ?? 0) + 1;
    return { userId: session.userId, visits: session.visits };
  }

  async devices(session) {
    const devices = await this.sessions.list(session.userId, { current: session });
    return devices.map(({ current }) => ({ current }));
  }

  async logout(session) {
    await session.logout();
  }
}

const { prototype } = AccountController;
const route = (name, ...decorators) => {
  Session()(prototype, name, 0);
  for (const decorate of decorators)
    decorate(prototype, name, Object.getOwnPropertyDescriptor(prototype, name));
};
Body()(prototype, 'login', 1);
route('login', Post('login'), HttpCode(204));
route('me', Get('me'), UseGuards(SessionGuard), RequireLogin());
route('devices', Get('devices'), UseGuards(SessionGuard));
route('logout', Post('logout'), HttpCode(204));
Controller()(AccountController);
Reflect.defineMetadata('design:paramtypes', [SessionService], AccountController);

class AppModule {}
Module({
  imports: [
    TypeOrmModule.forRoot({
      type: 'postgres',
      url: process.env.DATABASE_URL,
      entities: [SessionEntity],
      migrations: [CreateSessionTable],
      migrationsRun: true,
    }),
    SessionModule.forRoot({ secret: 'a secret of more than thirty-two bytes', store: typeOrmStore() }),
  ],
  controllers: [AccountController],
})(AppModule);

NestFactory.create(AppModule, { logger: ['warn', 'error'] }).then(async (app) => {
  app.enableShutdownHooks();
  await app.listen(0, '127.0.0.1');
  console.log(JSON.stringify({ url: await app.getUrl() }));
});
