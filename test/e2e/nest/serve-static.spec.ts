import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, type INestApplication, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ServeStaticModule } from '@nestjs/serve-static';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Session, SessionModule } from '../../../lib/index.js';
import { type FakeClock, fakeClock } from '../../../lib/testing/index.js';
import { Client, listen } from '../../support/client.js';
import { MINUTE } from '../../support/clock.js';
import { type AnySession, SECRET } from '../../support/site.js';

@Controller('api')
class CartController {
  @Post('cart')
  add(@Session() session: AnySession): void {
    session.visits = 1;
  }

  @Get('cart')
  read(@Session() session: AnySession): unknown {
    return { visits: session.visits };
  }
}

/** The session middleware runs before every route: files included. */
describe('ServeStaticModule, with a persistent cookie', () => {
  let folder: string;
  let app: INestApplication;
  let client: Client;
  let clock: FakeClock;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nest-session-files-'));
    await writeFile(join(folder, 'app.js'), 'start();');
    await writeFile(join(folder, 'index.html'), '<!doctype html>');
    @Module({
      imports: [
        ServeStaticModule.forRoot({
          rootPath: folder,
          serveStaticOptions: { maxAge: '1y', immutable: true, index: false },
        }),
        SessionModule.forRoot({
          secret: SECRET,
          cookie: { maxAge: '1h' },
          rolling: true,
          rotateInterval: '30m',
        }),
      ],
      controllers: [CartController],
    })
    class AppModule {}
    // A testing module has no HTTP adapter yet when ServeStaticModule looks for one.
    app = await NestFactory.create(AppModule, { logger: false });
    client = new Client(await listen(app));
    clock = fakeClock(app);
    await client.post('/api/cart');
  });
  afterEach(async () => {
    await app.close();
    await rm(folder, { recursive: true });
  });

  it('a file that caches may keep carries no cookie; the next answer of the application does', async () => {
    clock.advance(10 * MINUTE);
    const file = await client.get('/app.js');
    expect(file).toMatchObject({ status: 200, text: 'start();', setCookies: [] });
    expect(file.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect((await client.get('/api/cart')).setCookies).toHaveLength(1);
  });

  it('nor a new id that is due, nor does a file that has not changed', async () => {
    const id = client.sessionId;
    const etag = (await client.get('/app.js')).headers.get('etag')!;
    clock.advance(31 * MINUTE);
    Object.assign(client.headers, { 'if-none-match': etag, 'cache-control': 'max-age=0' });
    expect(await client.get('/app.js')).toMatchObject({ status: 304, setCookies: [] });
    delete client.headers['if-none-match'];
    expect(await client.get('/api/cart')).toMatchObject({ status: 200, body: { visits: 1 } });
    expect(client.sessionId).not.toBe(id);
  });

  it('the page of a single-page application, under any path', async () => {
    const page = await client.get('/any/path');
    expect(page).toMatchObject({ status: 200, text: '<!doctype html>' });
    expect([page.headers.get('cache-control'), page.setCookies.length]).toEqual(['public, max-age=0', 0]);
  });
});
