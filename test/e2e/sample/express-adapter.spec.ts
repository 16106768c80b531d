import { afterEach, describe, expect, it } from '@jest/globals';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { NestApplicationOptions } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from '../../../sample/06-express-adapter/app.module.js';
import { EarlyExpressAdapter } from '../../../sample/06-express-adapter/express.adapter.js';
import { selfSigned } from '../../faults/support/certificate.js';
import { Client, listen } from '../../support/client.js';

const SECRET = 'a secret of more than thirty-two bytes';

let app: NestExpressApplication;

async function start(adapter: ExpressAdapter, options: NestApplicationOptions = {}): Promise<string> {
  app = await NestFactory.create<NestExpressApplication>(AppModule.forRoot(SECRET), adapter, {
    logger: false,
    abortOnError: false,
    ...options,
  });
  return listen(app);
}

/** Whether requests and responses have, before Express sees them, the prototypes that Express gives them. */
function prototypesBefore(): Promise<boolean[]> {
  const { request, response } = app.getHttpAdapter().getInstance() as Record<'request' | 'response', object>;
  const server = app.getHttpServer();
  return new Promise((resolve) =>
    server.prependOnceListener('request', (req: IncomingMessage, res: ServerResponse) =>
      resolve([Object.getPrototypeOf(req) === request, Object.getPrototypeOf(res) === response]),
    ),
  );
}

describe('the adapter', () => {
  afterEach(() => app.close());

  it('gives requests and responses their prototypes when they are made', async () => {
    const client = new Client(await start(new EarlyExpressAdapter()));
    const before = prototypesBefore();
    expect((await client.get('/')).body).toEqual({ visits: 0 });
    expect(await before).toEqual([true, true]);
  });

  it('is needed for that: Nest’s own does not', async () => {
    const client = new Client(await start(new ExpressAdapter()));
    const before = prototypesBefore();
    await client.get('/');
    expect(await before).toEqual([false, false]);
  });

  it('keeps sessions', async () => {
    const client = new Client(await start(new EarlyExpressAdapter()));
    expect((await client.post('/visits')).body).toEqual({ visits: 1 });
    expect((await client.post('/visits')).body).toEqual({ visits: 2 });
    expect((await client.get('/')).body).toEqual({ visits: 2 });
    expect((await new Client(client.base).get('/')).body).toEqual({ visits: 0 });
  });

  it('does the same over HTTPS', async () => {
    await start(new EarlyExpressAdapter(), { httpsOptions: selfSigned() });
    const before = prototypesBefore();
    const { port } = app.getHttpServer().address() as AddressInfo;
    const status = await new Promise((resolve, reject) => {
      request({ port, host: '127.0.0.1', rejectUnauthorized: false }, (res) => {
        resolve(res.resume().statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect([status, await before]).toEqual([200, [true, true]]);
  });
});
