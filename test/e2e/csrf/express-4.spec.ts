import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Module, Post } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import express5 from 'express';
import express4 from 'express4';
import { CsrfGuard, SessionModule, type SessionModuleOptions } from '../../../lib/index.js';
import { listen } from '../../support/client.js';
import { SECRET } from '../../support/site.js';

@Controller()
class FormController {
  @Post('transfer')
  transfer(): string {
    return 'done';
  }
}

describe.each([
  ['Express 4', express4 as typeof express5],
  ['Express 5', express5],
])('CsrfGuard on %s', (_, express) => {
  let app: NestExpressApplication;
  let base: string;
  let port: string;
  const deprecations: string[] = [];
  const onDeprecation = ({ message }: Error): void => void deprecations.push(message);

  async function start(trustProxy: unknown, options: Partial<SessionModuleOptions> = {}): Promise<void> {
    @Module({
      imports: [SessionModule.forRoot({ secret: SECRET, ...options })],
      controllers: [FormController],
      providers: [{ provide: APP_GUARD, useClass: CsrfGuard }],
    })
    class AppModule {}
    const adapter = new ExpressAdapter(express());
    adapter.set('trust proxy', trustProxy);
    app = await NestFactory.create<NestExpressApplication>(AppModule, adapter, {
      bodyParser: false,
      logger: false,
    });
    base = await listen(app);
    ({ port } = new URL(base));
  }

  beforeEach(() => void process.on('deprecation' as never, onDeprecation as never));
  afterEach(async () => {
    process.off('deprecation', onDeprecation);
    await app.close();
  });

  async function status(headers: Record<string, string>): Promise<number> {
    return (await fetch(`${base}/transfer`, { method: 'POST', headers })).status;
  }

  it('knows its own forms by host and port', async () => {
    await start(false);
    expect(await status({ origin: base })).toBe(201);
    expect(await status({ origin: 'http://127.0.0.1' })).toBe(403);
    expect(await status({ origin: `http://127.0.0.1:${Number(port) - 1}` })).toBe(403);
    // What nobody trusts counts for nothing.
    expect(await status({ origin: 'http://shop.example', 'x-forwarded-host': 'shop.example' })).toBe(403);
    expect(deprecations).toEqual([]);
  });

  it('knows them behind a proxy that Express trusts, on a port of the proxy’s own', async () => {
    await start('loopback');
    const behind = { 'x-forwarded-host': 'shop.example:8443', 'x-forwarded-proto': 'https' };
    expect(await status({ origin: 'https://shop.example:8443', ...behind })).toBe(201);
    expect(await status({ origin: 'https://shop.example', ...behind })).toBe(403);
    expect(await status({ origin: base })).toBe(201);
  });

  it('leaves it to the option "proxy" where that is set', async () => {
    await start('loopback', { proxy: false });
    expect(await status({ origin: 'http://shop.example', 'x-forwarded-host': 'shop.example' })).toBe(403);
    expect(await status({ origin: base })).toBe(201);
  });
});
