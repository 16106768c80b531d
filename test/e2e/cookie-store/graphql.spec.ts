import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { type INestApplication, UseGuards } from '@nestjs/common';
import { Args, GraphQLModule, Mutation, Query, Resolver, Subscription } from '@nestjs/graphql';
import { Test } from '@nestjs/testing';
import { RequireLogin, Session, SessionGuard, SessionModule } from '../../../lib/index.js';
import { CookieSessionStore } from '../../../lib/stores/cookie/index.js';
import { ADAPTER_NAMES, ADAPTERS } from '../../support/adapters.js';
import { type Answer, Client, listen } from '../../support/client.js';
import { type AnySession, SECRET } from '../../support/site.js';
import { subscribeTo } from '../graphql/subscription.js';

const typeDefs = `
  type Query { me: String }
  type Mutation { login(userId: String!): Boolean, fill(length: Int!): Boolean, logout: Boolean }
  type Subscription { mine: String, changing: String }
`;

@Resolver()
class AccountResolver {
  @UseGuards(SessionGuard)
  @RequireLogin()
  @Query()
  me(@Session('userId') userId: string): string {
    return userId;
  }

  @Mutation()
  async login(@Session() session: AnySession, @Args('userId') userId: string): Promise<boolean> {
    await session.login(userId);
    return true;
  }

  @Mutation()
  fill(@Session() session: AnySession, @Args('length') length: number): boolean {
    session.fill = 'x'.repeat(length);
    return true;
  }

  @Mutation()
  async logout(@Session() session: AnySession): Promise<boolean> {
    await session.logout();
    return true;
  }

  @UseGuards(SessionGuard)
  @Subscription()
  async *mine(@Session('userId') userId: string): AsyncGenerator<{ mine: string }> {
    yield await Promise.resolve({ mine: userId });
  }

  @Subscription()
  async changing(@Session() session: AnySession): Promise<AsyncGenerator<never>> {
    session.late = true;
    await session.save();
    throw new Error('It was said to be stored.');
  }
}

describe.each(ADAPTER_NAMES)('resolvers and a session in its cookie, on %s', (adapter) => {
  let app: INestApplication;
  let base: string;

  beforeAll(async () => {
    const module = await Test.createTestingModule({
      imports: [
        SessionModule.forRoot({ secret: SECRET, store: new CookieSessionStore() }),
        GraphQLModule.forRoot<ApolloDriverConfig>({
          driver: ApolloDriver,
          typeDefs,
          subscriptions: { 'graphql-ws': true },
        }),
      ],
      providers: [AccountResolver],
    }).compile();
    app = await ADAPTERS[adapter](module);
    app.useLogger(false);
    base = await listen(app);
  });
  afterAll(() => app.close());

  const ask = (browser: Client, query: string): Promise<Answer> => browser.post('/graphql', { query });

  async function signedIn(): Promise<Client> {
    const browser = new Client(base);
    const { body, setCookies } = await ask(browser, 'mutation { login(userId: "42") }');
    expect([body, setCookies.length]).toEqual([{ data: { login: true } }, 1]);
    return browser;
  }

  it('a mutation signs in and out, with the cookie that its answer brings', async () => {
    const browser = await signedIn();
    const { body, setCookies } = await ask(browser, '{ me }');
    expect([body, setCookies]).toEqual([{ data: { me: '42' } }, []]);
    await ask(browser, 'mutation { logout }');
    expect(browser.cookies.size).toBe(0);
  });

  it('one that makes the session too large is a 500, and the cookie from before stays good', async () => {
    const browser = await signedIn();
    const { status, text, setCookies } = await ask(browser, 'mutation { fill(length: 4000) }');
    expect([status, setCookies]).toEqual([500, []]);
    expect(text).not.toContain('"fill"');
    expect((await ask(browser, '{ me }')).body).toEqual({ data: { me: '42' } });
  });

  it('a subscription reads the session of its handshake, and is told that it cannot change it', async () => {
    const headers = { cookie: (await signedIn()).cookieHeader };
    expect(await subscribeTo(base, headers, 'subscription { mine }')).toEqual([{ data: { mine: '42' } }]);
    expect(await subscribeTo(base, headers, 'subscription { changing }')).toMatchObject([
      { errors: [{ message: expect.stringMatching(/stored only in its cookie.*HTTP request/) }] },
    ]);
    expect(await subscribeTo(base, {}, 'subscription { mine }')).toMatchObject([
      { errors: [{ message: 'A session is required.' }] },
    ]);
  });
});
