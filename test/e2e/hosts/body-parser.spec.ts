import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type ArgumentsHost, Catch, type HttpException } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { SessionService } from '../../../lib/index.js';
import { ADAPTER_NAMES } from '../../support/adapters.js';
import type { Client } from '../../support/client.js';
import { type AnySession, type AnySite, type Backend, BACKENDS, siteOn } from '../../support/site.js';

/** Express parses bodies before Nest's middleware runs; Fastify after it. */
describe.each(ADAPTER_NAMES)('a body that cannot be parsed on %s', (adapter) => {
  let backend: Backend;
  let site: AnySite;
  let client: Client;
  let seen: unknown[];

  beforeEach(async () => {
    backend = await BACKENDS.memory();
    seen = [];
  });
  afterEach(async () => {
    await site.close();
    await backend.close();
  });

  async function open(load: 'eager' | 'lazy' = 'eager'): Promise<void> {
    site = await siteOn(adapter)(backend, { load }, (app) => {
      @Catch()
      class Filter extends BaseExceptionFilter {
        override catch(error: HttpException, host: ArgumentsHost): void {
          void this.note(host).then(() => super.catch(error, host));
        }

        private async note(host: ArgumentsHost): Promise<void> {
          const request = host.switchToHttp().getRequest<object>();
          const session = await app
            .get(SessionService)
            .load(request)
            .catch(() => undefined);
          seen.push(session?.userId);
          if (session !== undefined) (session as AnySession).errors = seen.length;
        }
      }
      app.useGlobalFilters(new Filter(app.getHttpAdapter()));
    });
    client = site.client();
    await client.post('/run/login', { userId: 'ann' });
  }

  const send = (body: string): Promise<Response> =>
    fetch(`${site.base}/run/set`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie: client.cookieHeader },
      body,
    });

  it.each(['eager', 'lazy'] as const)(
    'filters find the session, and what they change is stored (%s)',
    async (load) => {
      await open(load);
      expect((await send('{"broken":')).status).toBe(400);
      expect((await send(JSON.stringify({ large: 'x'.repeat(2 ** 21) }))).status).toBe(413);
      expect(seen).toEqual(['ann', 'ann']);
      expect((await client.get('/run/read')).body).toEqual({ userId: 'ann', errors: 2 });
    },
  );

  it('the error stays the one of the body where the session cannot be loaded', async () => {
    await open();
    site.spy.failure = { error: new Error('store is down'), methods: ['read'] };
    const status = adapter === 'express' ? 400 : 503; // Fastify has not looked at the body when the session is loaded
    expect((await send('{"broken":')).status).toBe(status);
  });
});
