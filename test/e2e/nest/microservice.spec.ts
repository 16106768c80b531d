import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, type INestApplication, Module, UseGuards } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import {
  type ClientProxy,
  ClientProxyFactory,
  EventPattern,
  MessagePattern,
  type MicroserviceOptions,
  Transport,
} from '@nestjs/microservices';
import type { AddressInfo, Server } from 'node:net';
import { createServer } from 'node:net';
import { firstValueFrom } from 'rxjs';
import {
  AllowAnonymous,
  CsrfGuard,
  RequireLogin,
  Session,
  SessionGuard,
  SessionModule,
} from '../../../lib/index.js';
import { Client, listen } from '../../support/client.js';
import { SECRET } from '../../support/site.js';

const told: unknown[] = [];

@Controller()
class SumController {
  @Get('sum')
  page(): string {
    return 'page';
  }

  @MessagePattern('sum')
  sum(numbers: number[]): number {
    return numbers.reduce((one, other) => one + other, 0);
  }

  @AllowAnonymous()
  @MessagePattern('open sum')
  openSum(numbers: number[]): number {
    return this.sum(numbers);
  }

  @AllowAnonymous()
  @EventPattern('open event')
  event(data: unknown): void {
    told.push(data);
  }

  @AllowAnonymous()
  @MessagePattern('session')
  session(@Session() session: Session): string {
    return session.handle;
  }
}

@Controller()
class GuardedController {
  @UseGuards(SessionGuard)
  @RequireLogin()
  @MessagePattern('login')
  login(): string {
    return 'in';
  }
}

async function freePort(): Promise<number> {
  const server: Server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** An application for HTTP that takes messages over TCP as well. */
describe('a hybrid application', () => {
  let app: INestApplication;
  let messages: ClientProxy;
  let browser: Client;

  async function start(guards: (typeof SessionGuard | typeof CsrfGuard)[]): Promise<void> {
    @Module({
      imports: [SessionModule.forRoot({ secret: SECRET })],
      controllers: [SumController, GuardedController],
      providers: guards.map((useClass) => ({ provide: APP_GUARD, useClass })),
    })
    class AppModule {}
    app = await NestFactory.create(AppModule, { logger: false });
    const options = { host: '127.0.0.1', port: await freePort() };
    app.connectMicroservice<MicroserviceOptions>(
      { transport: Transport.TCP, options },
      { inheritAppConfig: true },
    );
    await app.startAllMicroservices();
    browser = new Client(await listen(app));
    messages = ClientProxyFactory.create({ transport: Transport.TCP, options });
  }
  beforeEach(() => void told.splice(0));
  afterEach(async () => {
    await messages.close();
    await app.close();
  });

  const send = (pattern: string): Promise<unknown> => firstValueFrom(messages.send(pattern, [1, 2]));
  const REFUSED = {
    status: 'error',
    statusCode: 500,
    code: 'SESSION_USAGE',
    message: expect.stringMatching(
      /^Messages of microservices have no cookie and therefore no session\. .*@AllowAnonymous\(\)/,
    ),
  };

  it('SessionGuard as APP_GUARD refuses messages, and says what to do; @AllowAnonymous() lets them pass', async () => {
    await start([SessionGuard, CsrfGuard]);
    expect((await browser.get('/sum')).status).toBe(401);
    await expect(send('sum')).rejects.toEqual(REFUSED);
    expect(await send('open sum')).toBe(3);
    messages.emit('open event', 'news');
    for (const end = Date.now() + 30_000; told.length === 0 && Date.now() < end;)
      await new Promise((resolve) => setTimeout(resolve, 5));
    expect(told).toEqual(['news']);
  });

  it('without it messages are not concerned, and a guard or @Session() on a handler says the same', async () => {
    await start([]);
    expect(await send('sum')).toBe(3);
    await expect(send('login')).rejects.toEqual(REFUSED);
    await expect(send('session')).rejects.toEqual(REFUSED);
    expect((await browser.get('/sum')).status).toBe(200);
  });
});
