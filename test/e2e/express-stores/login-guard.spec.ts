import { Controller, Get } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { describe, afterEach, beforeEach, expect, it } from '@jest/globals';
import { RequireLogin, SessionGuard, SessionModule } from '../../../lib/index.js';
import { Client, listen } from '../../support/client.js';
import { SECRET } from '../../support/site.js';
import { RowStore } from './support/rows.js';
import { at, NAME, type OldSite, openOld } from './support/sites.js';

@Controller()
class Pages {
  @Get('members')
  @RequireLogin()
  members(): string {
    return 'welcome';
  }

  @Get('payments')
  @RequireLogin({ within: '10m' })
  payments(): string {
    return 'welcome';
  }
}

let old: OldSite;
let close: () => Promise<void>;
let onOld: Client;
let onNew: Client;

describe('login guard', () => {
  beforeEach(async () => {
    const store = new RowStore();
    old = await openOld(store);
    const module = await Test.createTestingModule({
      imports: [SessionModule.forRoot({ secret: SECRET, name: NAME, store })],
      controllers: [Pages],
      providers: [{ provide: APP_GUARD, useClass: SessionGuard }],
    }).compile();
    const app = module.createNestApplication({ logger: false });
    close = () => app.close();
    onOld = old.client();
    onNew = at({ base: await listen(app) }, onOld);
  });
  afterEach(async () => {
    await close();
    await old.close();
  });

  it('who signed in with Passport, or as userId, in the old instance is signed in', async () => {
    for (const data of [{ passport: { user: 'ann' } }, { userId: 7 }]) {
      await onOld.post('/run/set', data);
      expect((await onNew.get('/members')).text).toBe('welcome');
      await onOld.post('/run/logout');
      expect((await onNew.get('/members')).status).toBe(401);
      onOld.cookies.clear();
    }
  });

  it('who has only visited the old instance is not', async () => {
    await onOld.post('/run/set', { passport: {}, cart: [1] });
    expect((await onNew.get('/members')).status).toBe(401);
  });

  it('a login in the old instance is no recent one: nobody knows when it was', async () => {
    await onOld.post('/run/set', { passport: { user: 'ann' } });
    expect((await onNew.get('/payments')).status).toBe(401);
  });
});
