import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, type INestApplication, type LoggerService } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { MemorySessionStore, Session, SessionModule, type SessionModuleOptions } from '../../../lib/index.js';
import { openSession } from '../../../lib/testing/index.js';
import { Client, listen } from '../../support/client.js';
import { FakeStore } from '../../unit/core/support/fake-store.js';
import { type AnySession, SECRET } from '../../support/site.js';

@Controller()
class TrapController {
  @Get('assign') assign(@Session() session: AnySession) {
    session.userId = 'ada';
    return 'in';
  }
  @Get('remember') remember(@Session() session: AnySession) {
    session.cookie.maxAge = 3_600 + Number(session.times ?? 0);
    session.times = Number(session.times ?? 0) + 1;
    return 'in';
  }
}

const environment = process.env.NODE_ENV;
let warnings: unknown[];
let app: INestApplication;

async function start(options: Partial<SessionModuleOptions> = {}): Promise<Client> {
  const nothing = (): void => undefined;
  const logger: LoggerService = { log: nothing, error: nothing, warn: (message) => warnings.push(message) };
  const module = await Test.createTestingModule({
    imports: [SessionModule.forRoot({ secret: SECRET, ...options })],
    controllers: [TrapController],
  }).compile();
  app = module.createNestApplication({ logger });
  return new Client(await listen(app));
}

describe('advice', () => {
  beforeEach(() => {
    warnings = [];
  });

  afterEach(async () => {
    process.env.NODE_ENV = environment;
    await app.close();
  });

  describe('the memory store', () => {
    it.each([undefined, new MemorySessionStore()])(
      'in production is one warning at the start',
      async (store) => {
        process.env.NODE_ENV = 'production';
        await start(store && { store });
        expect(warnings).toEqual([
          expect.stringMatching(/MemorySessionStore keeps all sessions in the memory/),
        ]);
      },
    );

    it('elsewhere is none', async () => {
      await start();
      expect(warnings).toEqual([]);
    });

    it('is the only one: another store in production is none', async () => {
      process.env.NODE_ENV = 'production';
      await start({ store: new FakeStore() });
      expect(warnings).toEqual([]);
    });
  });

  describe('a handler that falls into a trap', () => {
    it('is warned of once, however often it runs', async () => {
      const client = await start();
      for (let times = 0; times < 3; times += 1) {
        await client.get('/remember');
        await new Client(client.base).get('/assign');
      }
      expect(warnings).toEqual([
        expect.stringContaining('session.cookie.maxAge is 3600 milliseconds'),
        expect.stringContaining('session.userId was assigned'),
      ]);
    });

    it('is not warned of where a test opens a session', async () => {
      await start();
      await openSession(app, { userId: 'ada' });
      expect(warnings).toEqual([]);
    });
  });
});
