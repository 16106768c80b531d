import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, type INestApplication, Post } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { once } from 'node:events';
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2';
import { Session, SessionModule } from '../../../lib/index.js';
import { type FailingStore, failingStore } from '../../../lib/testing/index.js';
import { selfSigned } from '../../faults/support/certificate.js';
import { listen } from '../../support/client.js';
import { type AnySession, SECRET } from '../../support/site.js';

@Controller()
class VisitController {
  @Post('visit')
  visit(@Session() session: AnySession): object {
    return { visits: (session.visits = Number(session.visits ?? 0) + 1) };
  }

  @Get('page')
  page(@Session() session: AnySession): string {
    session.page = 'x'.repeat(10);
    return 'x'.repeat(200_000); // more than Fastify writes at once on HTTP/2
  }
}

/** Express has no HTTP/2. */
describe.each(['cleartext', 'secure'] as const)('HTTP/2 of Fastify (%s)', (kind) => {
  let app: INestApplication;
  let store: FailingStore;
  let browser: ClientHttp2Session;
  let cookie: string;

  beforeEach(async () => {
    store = failingStore();
    const module = await Test.createTestingModule({
      imports: [SessionModule.forRoot({ secret: SECRET, store, cookie: { secure: kind === 'secure' } })],
      controllers: [VisitController],
    }).compile();
    const adapter =
      kind === 'secure'
        ? new FastifyAdapter({ http2: true, https: selfSigned() })
        : new FastifyAdapter({ http2: true });
    app = module.createNestApplication(adapter);
    app.useLogger(false);
    browser = connect(await listen(app, kind === 'secure' ? 'https' : 'http'), { rejectUnauthorized: false });
    cookie = '';
  });
  afterEach(async () => {
    await new Promise<void>((resolve) => browser.close(resolve));
    await app.close();
  });

  async function ask(method: string, path: string): Promise<{ headers: IncomingHttpHeaders; body: string }> {
    const stream = browser.request({ ':method': method, ':path': path, ...(cookie && { cookie }) });
    stream.end();
    const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders];
    let body = '';
    for await (const chunk of stream) body += String(chunk);
    cookie = headers['set-cookie']?.[0]?.split(';')[0] ?? cookie;
    return { headers, body };
  }

  it('keeps a session, under a cookie that fits the connection', async () => {
    const { headers, body } = await ask('POST', '/visit');
    expect([headers[':status'], body]).toEqual([201, '{"visits":1}']);
    expect(headers['set-cookie']?.[0]).toMatch(kind === 'secure' ? /^__Host-sid=.*; Secure/ : /^sid=/);
    expect((await ask('POST', '/visit')).body).toBe('{"visits":2}');
    expect((await ask('GET', '/page')).body).toHaveLength(200_000);
    expect((await ask('POST', '/visit')).body).toBe('{"visits":3}');
  });

  it('answers 503 where the store fails, with nothing left of the lost answer', async () => {
    store.fail({ only: ['create'] });
    for (const [method, path] of [
      ['POST', '/visit'],
      ['GET', '/page'],
    ] as const) {
      const { headers, body } = await ask(method, path);
      expect(headers).toMatchObject({ ':status': 503, 'retry-after': '1' });
      expect(headers['set-cookie']).toBeUndefined();
      expect(JSON.parse(body)).toEqual({ statusCode: 503, message: 'Service Unavailable' });
    }
  });
});
