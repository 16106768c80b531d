import { expect, it } from '@jest/globals';
import { Injectable, Module, Scope } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { SessionModule, SessionOptionsError } from '../../../lib/index.js';
import { SECRET } from '../../support/site.js';

@Injectable({ scope: Scope.REQUEST })
class Tenant {
  readonly secret = SECRET;
}

@Module({ providers: [Tenant], exports: [Tenant] })
class TenantModule {}

const WAYS = {
  'in forRootAsync()': () =>
    SessionModule.forRootAsync({
      imports: [TenantModule],
      inject: [Tenant],
      useFactory: ({ secret }: Tenant) => ({ secret }),
    }),
  'in the factory of a store': () =>
    SessionModule.forRoot({
      secret: SECRET,
      store: { inject: [Tenant], useFactory: (tenant: unknown) => tenant as never },
    }),
};

it.each(Object.keys(WAYS) as (keyof typeof WAYS)[])(
  'a dependency that is made for each request, %s, stops the start and says why',
  async (way) => {
    @Module({ imports: [{ module: TenantModule, global: true }, WAYS[way]()] })
    class AppModule {}
    const starting = NestFactory.create(AppModule, { logger: false, abortOnError: false }).then((app) =>
      app.init(),
    );
    await expect(starting).rejects.toThrow(SessionOptionsError);
    await expect(starting).rejects.toThrow(
      /request-scoped provider \(Scope\.REQUEST\).*inject only singletons/,
    );
  },
);
