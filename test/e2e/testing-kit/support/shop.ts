import { Body, Controller, Get, type INestApplication, Post, UseGuards } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  Flash,
  RequireLogin,
  Session,
  type SessionEvent,
  SessionEvents,
  SessionGuard,
  SessionModule,
  type SessionModuleOptions,
} from 'nest-session';
import supertest from 'supertest';
import { type AnySession, type Backend, SECRET } from '../../../support/site.js';
import { spyOnStore, type StoreSpy } from '../../../support/spy-store.js';

/** An application as one has it whose tests use the kit. */
@Controller()
class ShopController {
  @Get('data') data(@Session() session: Session) {
    return { ...session };
  }
  @Post('data') set(@Session() session: Session, @Body() body: object) {
    Object.assign(session, body);
  }
  @Get('plain') plain() {
    return 'plain';
  }
  @UseGuards(SessionGuard) @RequireLogin() @Get('me') me(@Session('userId') userId: string) {
    return { userId };
  }
  @UseGuards(SessionGuard) @RequireLogin({ within: '5m' }) @Post('password') password() {
    return 'changed';
  }
  @Post('login') async login(@Session() session: Session) {
    await session.login('42');
  }
  @Post('logout') async logout(@Session() session: Session) {
    await session.logout();
  }
  @Post('notice') notice(@Session() session: Session) {
    session.flash('notice', 'one');
    session.flash('notice', { two: 2 });
  }
  @Get('notice') read(@Flash('notice') notices: unknown[]) {
    return notices;
  }
  @Post('count') count(@Session() session: AnySession) {
    return session.update((own) => ({ count: (own.count = Number(own.count ?? 0) + 1) }));
  }
}

export interface Shop {
  readonly app: INestApplication;
  readonly spy: StoreSpy;
  readonly events: SessionEvent[];
  /** supertest, on the application as it is: it listens for as long as a request takes. */
  http(): ReturnType<typeof supertest>;
  close(): Promise<void>;
}

/** The application, initialized, on a store that is watched. */
export async function openShop(
  backend: Backend,
  options: Partial<SessionModuleOptions> = {},
  { init = true } = {},
): Promise<Shop> {
  const spy = spyOnStore(backend.store);
  const module = await Test.createTestingModule({
    imports: [SessionModule.forRoot({ secret: SECRET, store: spy.store, ...options })],
    controllers: [ShopController],
  }).compile();
  const app = module.createNestApplication();
  if (!process.env.TEST_LOG) app.useLogger(false);
  const events: SessionEvent[] = [];
  app.get(SessionEvents).all.subscribe((event) => events.push(event));
  if (init) await app.init();
  return {
    app,
    spy,
    events,
    http: () => supertest(app.getHttpServer() as never),
    close: () => app.close(),
  };
}
