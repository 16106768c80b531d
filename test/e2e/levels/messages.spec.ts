import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { UseGuards } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { RequireLogin, SessionGuard } from '../../../lib/index.js';
import type { Client } from '../../support/client.js';
import { type Backend, BACKENDS } from '../../support/site.js';
import { openSocketSite, type SocketSite } from '../websocket/support/gateway.js';
import { TRANSPORTS } from '../websocket/support/sockets.js';

@UseGuards(SessionGuard)
@WebSocketGateway()
class VaultGateway {
  @RequireLogin({ level: 2 })
  @SubscribeMessage('vault')
  vault() {
    return { event: 'answer', data: {} };
  }

  @RequireLogin({ self: true })
  @SubscribeMessage('person')
  person() {
    return { event: 'answer', data: {} };
  }
}

const [, socketIo, ws] = TRANSPORTS;

describe.each([socketIo, ws])('levels and acting in messages ($name)', (transport) => {
  let backend: Backend;
  let site: SocketSite;
  let browser: Client;

  beforeAll(async () => {
    backend = await BACKENDS.memory();
    site = await openSocketSite(transport, backend, { providers: [VaultGateway] });
    site.work('step-up', (session) => session.stepUp(2));
    site.work('act', (session) => session.actAs('other'));
  });
  afterAll(async () => {
    await site.close();
    await backend.close();
  });
  beforeEach(async () => {
    browser = site.client();
    await browser.post('/run/login');
  });

  async function ask(message: string): Promise<object> {
    const socket = await site.connect(browser);
    const { event, data } = await socket.ask(message);
    socket.close();
    return { event, data };
  }

  it('a refusal says which level is asked for', async () => {
    expect(await ask('vault')).toEqual({
      event: 'exception',
      data: expect.objectContaining({ statusCode: 401, code: 'LOGIN_LEVEL', level: 2 }),
    });
    await browser.post('/run/step-up');
    expect(await ask('vault')).toMatchObject({ event: 'answer' });
  });

  it('somebody who acts for the user is refused where that is asked for', async () => {
    expect(await ask('person')).toMatchObject({ event: 'answer' });
    await browser.post('/run/act');
    expect(await ask('person')).toEqual({
      event: 'exception',
      data: expect.objectContaining({ statusCode: 403, code: 'LOGIN_ACTING' }),
    });
  });

  it('a message can change neither: it can send no cookie', async () => {
    const socket = await site.connect(browser);
    for (const name of ['step-up', 'act'])
      expect((await socket.ask('run', { name })).event).toBe('exception');
    socket.close();
    expect((await browser.get('/run/read')).body).toMatchObject({ userId: '42' });
  });
});
