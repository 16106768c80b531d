// A process with an application of its own on the built package, for specs that kill it, stop it, or have several.
// It takes { url, options, extra } as JSON in APP, says { port } over IPC when it listens, and obeys
// { do: 'release' | 'prune' | 'close' }. What it does not catch ends it, as it would in production.
import 'reflect-metadata';
import { Body, Controller, Get, Module, Param, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Session, SessionModule, SessionService } from 'nest-session';
import { SessionEntity, typeOrmStore } from 'nest-session/typeorm';

const { url, options, extra } = JSON.parse(process.env.APP);

let release;
const released = new Promise((resolve) => (release = resolve));

class Routes {
  plain() {
    return { plain: true };
  }
  read(session) {
    return { ...session };
  }
  set(session, body) {
    Object.assign(session, body);
  }
  increment(session, key) {
    return session.update((s) => ({ count: (s[key] = (s[key] ?? 0) + 1) }));
  }
  login(session, body) {
    return session.login(body.userId);
  }
  logout(session) {
    return session.logout();
  }
  async hold(session, body) {
    process.send({ holding: true });
    await released;
    Object.assign(session, body);
  }
}

function route(name, decorator, ...parameters) {
  decorator(Routes.prototype, name, Object.getOwnPropertyDescriptor(Routes.prototype, name));
  parameters.forEach((parameter, index) => parameter(Routes.prototype, name, index));
}
route('plain', Get('plain'));
route('read', Get('read'), Session());
route('set', Post('set'), Session(), Body());
route('increment', Post('increment/:key'), Session(), Param('key'));
route('login', Post('login'), Session(), Body());
route('logout', Post('logout'), Session());
route('hold', Post('hold'), Session(), Body());
Controller()(Routes);

class AppModule {}
Module({
  imports: [
    TypeOrmModule.forRoot({ type: 'postgres', url, extra, entities: [SessionEntity], logging: false }),
    SessionModule.forRoot({ store: typeOrmStore({ pruneInterval: false }), ...options }),
  ],
  controllers: [Routes],
})(AppModule);

// Closing refuses requests on connections that are kept alive: Node would serve them for as long as they come.
const app = await NestFactory.create(AppModule, { logger: false, return503OnClosing: true });

// It does not outlive the spec, however that ends.
const abandon = () => process.exit(1);
process.on('disconnect', abandon);
process.on('message', (order) => void obey(order));
async function obey(order) {
  if (order.do === 'release') release();
  if (order.do === 'prune') process.send({ pruned: await app.get(SessionService).prune() });
  if (order.do === 'close') {
    process.off('disconnect', abandon);
    await app.close();
    process.disconnect();
  }
}

await app.listen(0, '127.0.0.1');
process.send({ port: app.getHttpServer().address().port });
