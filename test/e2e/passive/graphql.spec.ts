import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type INestApplication, UseGuards } from '@nestjs/common';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { GraphQLModule, Mutation, Query, Resolver } from '@nestjs/graphql';
import { Test } from '@nestjs/testing';
import {
  MemorySessionStore,
  PassiveSession,
  Session,
  SessionGuard,
  SessionModule,
} from '../../../lib/index.js';
import { type FakeClock, fakeClock } from '../../../lib/testing/index.js';
import { ADAPTERS, LOADINGS } from '../../support/adapters.js';
import { Client, listen } from '../../support/client.js';
import { MINUTE } from '../../support/clock.js';
import { type AnySession, SECRET } from '../../support/site.js';
import { spyOnStore, type StoreSpy } from '../../support/spy-store.js';

const typeDefs = `
  type Query { news: Int, expiry: String, visits: Int }
  type Mutation { visit: Int }
`;

@Resolver()
class NewsResolver {
  @PassiveSession()
  @UseGuards(SessionGuard)
  @Query()
  news(): number {
    return 1;
  }

  @PassiveSession()
  @Query()
  expiry(@Session('expiresAt') expiresAt: Date): string {
    return expiresAt.toISOString();
  }

  @Query()
  visits(@Session('visits') visits: number): number {
    return visits;
  }

  @Mutation()
  visit(@Session() session: AnySession): number {
    return (session.visits = Number(session.visits ?? 0) + 1);
  }
}

describe.each(LOADINGS)('passive resolvers ($adapter, $load)', ({ adapter, load }) => {
  let app: INestApplication;
  let browser: Client;
  let spy: StoreSpy;
  let clock: FakeClock;

  beforeAll(async () => {
    spy = spyOnStore(new MemorySessionStore());
    const module = await Test.createTestingModule({
      imports: [
        SessionModule.forRoot({ secret: SECRET, store: spy.store, load, cookie: { maxAge: '1h' } }),
        GraphQLModule.forRoot<ApolloDriverConfig>({ driver: ApolloDriver, typeDefs }),
      ],
      providers: [NewsResolver],
    }).compile();
    app = await ADAPTERS[adapter](module);
    app.useLogger(false);
    browser = new Client(await listen(app));
    clock = fakeClock(app);
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    browser.cookies.clear();
    await ask('mutation { visit }');
    clock.advance(5 * MINUTE);
    spy.reset();
  });

  const ask = async (query: string) => {
    const { body, setCookies } = await browser.post('/graphql', { query });
    return { data: body.data as unknown, cookies: setCookies.length };
  };

  it.each(['{ news }', '{ expiry }', '{ news expiry }'])('do not prolong the session: %s', async (query) => {
    expect(await ask(query)).toEqual({ data: expect.anything(), cookies: 0 });
    expect(spy.count('update')).toBe(0);
  });

  it.each(['{ visits }', '{ news visits }', '{ visits expiry }'])(
    'are of no account where another one of the request uses the session: %s',
    async (query) => {
      expect(await ask(query)).toEqual({ data: expect.objectContaining({ visits: 1 }), cookies: 1 });
      expect(spy.count('update')).toBe(1);
    },
  );
});
