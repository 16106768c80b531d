import type { AddressInfo, Server } from 'node:net';
import { Controller, Get, type INestApplication, Module, Post, Req } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Session, SessionModule } from 'nest-session';
import { options } from './settings.js';

@Controller()
class VisitController {
  @Post('visits')
  visit(@Session() session: Session) {
    session.visits = (session.visits ?? 0) + 1;
    return { visits: session.visits };
  }

  @Get('health')
  health(@Req() req: { session?: unknown }) {
    return req.session === undefined;
  }
}

@Module({
  imports: [SessionModule.forRoot({ secret: options.secret, exclude: ['health'] })],
  controllers: [VisitController],
})
class VisitModule {}

async function answersOf(app: INestApplication) {
  await app.listen(0, '127.0.0.1');
  const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
  const [visits, excluded] = await Promise.all([
    fetch(`http://127.0.0.1:${port}/visits`, { method: 'POST' }),
    fetch(`http://127.0.0.1:${port}/health`),
  ]);
  const answers = [await visits.json(), await excluded.json()] as const;
  await app.close();
  return answers;
}

/** With `exclude` and no `forRoutes` the middleware goes through Nest's own routing, whose paths each version writes in its way. */
export async function applied() {
  const logger = ['warn' as const, 'error' as const];
  const [express, withoutExpress] = await answersOf(await NestFactory.create(VisitModule, { logger }));
  const [fastify, withoutFastify] = await answersOf(
    await NestFactory.create(VisitModule, new FastifyAdapter(), { logger }),
  );
  return [
    { Express: express, excluded: withoutExpress },
    { Fastify: fastify, excluded: withoutFastify },
  ];
}
