import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type INestApplication, UseGuards } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Args, GraphQLModule, Mutation, Query, ResolveField, Resolver, Subscription } from '@nestjs/graphql';
import { Test } from '@nestjs/testing';
import {
  CsrfGuard,
  Flash,
  MemorySessionStore,
  RequireLogin,
  RequireSession,
  Session,
  SessionGuard,
  SessionId,
  SessionModule,
  SessionService,
} from '../../../lib/index.js';
import { ADAPTERS, LOADINGS } from '../../support/adapters.js';
import { MINUTE, TestClock } from '../../support/clock.js';
import { type Answer, Client, listen } from '../../support/client.js';
import { type AnySession, SECRET } from '../../support/site.js';
import { spyOnStore, type StoreSpy } from '../../support/spy-store.js';
import { subscribeTo } from './subscription.js';

const typeDefs = `
  type User { id: String, role: String }
  type Query { session: String, id: String, visits: Int, notices: [String], me: String, admin: Boolean, fresh: Boolean, user: User }
  type Mutation { login(userId: String!): String, logout: Boolean, visit: Int, note(key: String!): Boolean, late: Boolean, broken: Boolean }
  type Subscription { numbers: Int, mine: String }
`;

async function* count(): AsyncGenerator<{ numbers: number }> {
  for (const numbers of [1, 2]) yield await Promise.resolve({ numbers });
}

@Resolver('User')
class TestResolver {
  @Query()
  session(@Session() session: AnySession): string {
    return JSON.stringify(session);
  }

  @Query()
  id(@SessionId() id: string): string {
    return id;
  }

  @Query()
  visits(@Session('visits') visits: number | undefined): number | undefined {
    return visits;
  }

  @Query()
  notices(@Flash('notice') notices: string[]): string[] {
    return notices;
  }

  @UseGuards(SessionGuard)
  @RequireLogin()
  @Query()
  me(@Session('userId') userId: string): string {
    return userId;
  }

  @UseGuards(SessionGuard)
  @RequireSession('role')
  @Query()
  admin(): boolean {
    return true;
  }

  @UseGuards(SessionGuard)
  @RequireLogin({ within: '5m' })
  @Query()
  fresh(): boolean {
    return true;
  }

  @Query()
  user(): object {
    return { id: '42' };
  }

  @ResolveField()
  role(@Session('role') role: string): string {
    return role;
  }

  @Mutation()
  async login(@Session() session: AnySession, @Args('userId') userId: string): Promise<string> {
    await session.login(userId);
    return session.handle;
  }

  @UseGuards(SessionGuard)
  @Mutation()
  async logout(@Session() session: AnySession): Promise<boolean> {
    await session.logout();
    return true;
  }

  @Mutation()
  visit(@Session() session: AnySession): number {
    session.flash('notice', 'visited');
    return (session.visits = Number(session.visits ?? 0) + 1);
  }

  @Mutation()
  note(@Session() session: AnySession, @Args('key') key: string): boolean {
    return (session[key] = true);
  }

  @Mutation()
  broken(@Session() session: AnySession): boolean {
    session.broken = 1n;
    return true;
  }

  @UseGuards(SessionGuard)
  @Subscription()
  numbers(): AsyncGenerator<{ numbers: number }> {
    return count();
  }

  @Subscription()
  async *mine(@Session('userId') userId: string): AsyncGenerator<{ mine: string }> {
    yield await Promise.resolve({ mine: userId });
  }
}

describe.each(LOADINGS)('resolvers on $adapter, $load', ({ adapter, load }) => {
  let app: INestApplication;
  let base: string;
  let browser: Client;
  let spy: StoreSpy;
  let clock: TestClock;

  beforeAll(async () => {
    spy = spyOnStore(new MemorySessionStore());
    const module = await Test.createTestingModule({
      imports: [
        SessionModule.forRoot({ secret: SECRET, store: spy.store, load }),
        GraphQLModule.forRoot<ApolloDriverConfig>({
          driver: ApolloDriver,
          typeDefs,
          subscriptions: { 'graphql-ws': true },
        }),
      ],
      providers: [TestResolver, { provide: APP_GUARD, useClass: CsrfGuard }],
    }).compile();
    app = await ADAPTERS[adapter](module);
    app.useLogger(false);
    base = await listen(app);
  });
  afterAll(() => app.close());
  beforeEach(() => {
    clock = new TestClock();
    browser = new Client(base);
    browser.headers['sec-fetch-site'] = 'same-origin';
  });
  afterEach(() => {
    clock.restore();
    spy.failure = undefined;
  });

  const ask = (query: string): Promise<Answer> => browser.post('/graphql', { query });
  const errorOf = async (query: string): Promise<unknown> => {
    const { status, body } = await ask(query);
    expect(status).toBe(200);
    return (body as { errors: { extensions: unknown }[] }).errors[0]!.extensions;
  };

  it('a mutation that signs in: stored before the answer, which brings the cookie', async () => {
    const { body, setCookies } = await ask('mutation { login(userId: "42") }');
    expect(setCookies).toHaveLength(1);
    const record = (await spy.store.read([body.data.login as string]))[0];
    expect(record?.userId).toBe('42');
    expect((await ask('{ me id }')).body.data).toEqual({ me: '42', id: browser.sessionId });
  });

  it('parameters: the session, a key, flash values; in fields of a type, too', async () => {
    await ask('mutation { visit note(key: "role") }');
    const { body } = await ask('{ session visits notices user { id role } }');
    expect(body).toEqual({
      data: {
        session: '{"visits":1,"role":true}',
        visits: 1,
        notices: ['visited'],
        user: { id: '42', role: 'true' },
      },
    });
    expect((await ask('{ notices }')).body.data.notices).toEqual([]);
  });

  it('fields that change the session side by side, and operations at the same time', async () => {
    await ask('mutation { visit }');
    await Promise.all(
      ['a', 'b'].map((key) => ask(`mutation { one: note(key: "${key}1") two: note(key: "${key}2") }`)),
    );
    const { body } = await ask('{ session }');
    expect(JSON.parse(body.data.session as string)).toEqual({
      visits: 1,
      a1: true,
      a2: true,
      b1: true,
      b2: true,
    });
  });

  it('what reads nothing costs nothing, and a visitor gets no cookie', async () => {
    spy.reset();
    expect((await ask('{ user { id } }')).setCookies).toEqual([]);
    expect(spy.count()).toBe(0);
  });

  it('a guard refuses with the code of Apollo, and its own', async () => {
    const refused = (code: string, statusCode: number, own: string): object => ({
      code,
      originalError: { statusCode, code: own, message: expect.any(String) },
    });
    expect(await errorOf('{ me }')).toMatchObject(refused('UNAUTHENTICATED', 401, 'LOGIN_REQUIRED'));
    expect(await errorOf('{ admin }')).toMatchObject(refused('UNAUTHENTICATED', 401, 'SESSION_REQUIRED'));
    await ask('mutation { login(userId: "42") }');
    expect(await errorOf('{ admin }')).toMatchObject(refused('FORBIDDEN', 403, 'SESSION_FORBIDDEN'));
    expect((await ask('{ fresh }')).body.data).toEqual({ fresh: true });
    clock.advance(6 * MINUTE);
    expect(await errorOf('{ fresh }')).toMatchObject(refused('UNAUTHENTICATED', 401, 'LOGIN_STALE'));
    await ask('mutation { logout }');
    expect(browser.cookies.size).toBe(0);
    expect(await errorOf('{ me }')).toMatchObject(refused('UNAUTHENTICATED', 401, 'LOGIN_REQUIRED'));
  });

  it('an outage: no false answer', async () => {
    await ask('mutation { login(userId: "42") }');
    spy.failure = { error: new Error('away'), methods: ['update'] };
    const changed = await ask('mutation { visit }');
    expect([changed.status, changed.headers.get('retry-after')]).toEqual([503, '1']);
    expect(changed.text).not.toContain('"visit"');
    spy.failure = { error: new Error('away') };
    if (load === 'lazy') {
      expect(await errorOf('{ me }')).toMatchObject({
        status: 503,
        originalError: { statusCode: 503, code: 'SESSION_STORE_UNAVAILABLE' },
      });
    } else expect((await ask('{ me }')).status).toBe(503);
  });

  it('data that cannot be stored: an error, and no answer that says otherwise', async () => {
    const { status, text } = await ask('mutation { broken }');
    expect(status).toBe(500);
    expect(text).not.toContain('"broken"');
  });

  it('CsrfGuard: mutations and queries of other sites are refused', async () => {
    browser.headers['sec-fetch-site'] = 'cross-site';
    expect(await errorOf('mutation { visit }')).toMatchObject({ originalError: { code: 'CSRF_REFUSED' } });
  });

  describe('subscriptions', () => {
    beforeEach(() => ask('mutation { login(userId: "42") }'));

    it('find the session of the handshake’s cookie when they begin', async () => {
      const headers = { cookie: browser.cookieHeader, origin: base };
      expect(await subscribeTo(base, headers, 'subscription { numbers }')).toEqual([
        { data: { numbers: 1 } },
        { data: { numbers: 2 } },
      ]);
      expect(await subscribeTo(base, headers, 'subscription { mine }')).toEqual([{ data: { mine: '42' } }]);
      await app.get(SessionService).revokeAll('42');
      expect(await subscribeTo(base, headers, 'subscription { numbers }')).toMatchObject([
        { errors: [{ message: 'A session is required.' }] },
      ]);
    });

    it('are refused to a visitor, and to pages of other origins', async () => {
      expect(await subscribeTo(base, {}, 'subscription { numbers }')).toMatchObject([
        { errors: [{ message: 'A session is required.' }] },
      ]);
      const headers = { cookie: browser.cookieHeader, origin: 'https://evil.example' };
      expect(await subscribeTo(base, headers, 'subscription { numbers }')).toMatchObject([
        { errors: [{ message: expect.stringContaining('another origin') }] },
      ]);
    });
  });
});
