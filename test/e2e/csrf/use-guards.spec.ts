import type { IncomingMessage } from 'node:http';
import { expect, it } from '@jest/globals';
import { Controller, Injectable, Module, Post, UseGuards } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { CsrfGuard, SessionModule } from '../../../lib/index.js';
import { listen } from '../../support/client.js';
import { SECRET } from '../../support/site.js';
import { Visitor } from './support/bank.js';

/** Trusts the shops of all tenants. */
@Injectable()
class TenantGuard extends CsrfGuard {
  protected override isTrusted(origin: string, request: IncomingMessage): boolean {
    return super.isTrusted(origin, request) || /^https:\/\/\w+\.tenant\.example$/.test(origin);
  }
}

@Controller()
class ShopController {
  @Post('open')
  open(): string {
    return 'open';
  }

  @UseGuards(CsrfGuard)
  @Post('guarded')
  guarded(): string {
    return 'guarded';
  }

  @UseGuards(TenantGuard)
  @Post('tenants')
  tenants(): string {
    return 'tenants';
  }
}

/** A module that imports nothing: SessionModule is global. */
@Module({ controllers: [ShopController] })
class ShopModule {}

it('CsrfGuard guards single routes, and as a subclass goes by what that says', async () => {
  const csrf = { trustedOrigins: ['https://partner.example'] };
  const imports = [SessionModule.forRoot({ secret: SECRET, csrf }), ShopModule];
  const app = (await Test.createTestingModule({ imports }).compile()).createNestApplication();
  app.useLogger(false);
  const visitor = new Visitor(await listen(app));
  const statuses = async (origin: string): Promise<number[]> => {
    const headers = { 'sec-fetch-site': 'cross-site', origin };
    const paths = ['/open', '/guarded', '/tenants'];
    return Promise.all(paths.map(async (path) => (await visitor.send('POST', path, { headers })).status));
  };
  expect(await statuses('https://evil.example')).toEqual([201, 403, 403]);
  expect(await statuses('https://a.tenant.example')).toEqual([201, 403, 201]);
  expect(await statuses('https://partner.example')).toEqual([201, 201, 201]);
  await app.close();
});
