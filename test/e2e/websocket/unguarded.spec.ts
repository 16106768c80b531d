import { expect, it } from '@jest/globals';
import { type LoggerService, UseGuards } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { RequireLogin, SessionGuard } from '../../../lib/index.js';
import { BACKENDS } from '../../support/site.js';
import { openSocketSite } from './support/gateway.js';
import { TRANSPORTS } from './support/sockets.js';

@RequireLogin()
@WebSocketGateway()
class CarelessGateway {
  handleConnection(): void {
    return;
  }

  @SubscribeMessage('everybody')
  everybody(): string {
    return 'in';
  }

  @UseGuards(SessionGuard)
  @SubscribeMessage('some')
  some(): string {
    return 'in';
  }
}

it('a handler of a gateway that asks for a login without a guard is warned of when the application starts', async () => {
  const warnings: unknown[] = [];
  const nothing = (): void => undefined;
  const logger: LoggerService = {
    log: nothing,
    error: nothing,
    warn: (message: unknown) => warnings.push(message),
  };
  const backend = await BACKENDS.memory();
  const site = await openSocketSite(TRANSPORTS[2], backend, {
    providers: [CarelessGateway],
    setUp: (app) => app.useLogger(logger),
  });
  await site.close();
  await backend.close();
  expect(warnings).toContainEqual(expect.stringMatching(/^CarelessGateway\.everybody: @RequireSession\(\)/));
});
