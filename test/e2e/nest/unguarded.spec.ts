import { describe, expect, it } from '@jest/globals';
import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Inject,
  Injectable,
  type LoggerService,
  mixin,
  type Provider,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { APP_GUARD, ModuleRef, Reflector } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { RequireLogin, RequireSession, SessionGuard, SessionModule } from '../../../lib/index.js';
import { Client, listen } from '../../support/client.js';
import { SECRET } from '../../support/site.js';

@Injectable()
class Subclass extends SessionGuard {}

@Injectable()
class Injecting implements CanActivate {
  constructor(private readonly sessions: SessionGuard) {}

  canActivate(context: ExecutionContext): Promise<boolean> {
    return this.sessions.canActivate(context);
  }
}

@Injectable()
class InjectingProperty implements CanActivate {
  @Inject(SessionGuard) private readonly sessions!: SessionGuard;

  canActivate(context: ExecutionContext): Promise<boolean> {
    const { sessions } = this;
    const admit = sessions.canActivate.bind(sessions);
    return admit(context);
  }
}

@Injectable()
class Doorman {
  constructor(private readonly sessions: SessionGuard) {}

  admits(context: ExecutionContext): Promise<boolean> {
    return this.sessions.canActivate(context);
  }
}

@Injectable()
class AskingService implements CanActivate {
  constructor(private readonly doorman: Doorman) {}

  canActivate(context: ExecutionContext): Promise<boolean> {
    return this.doorman.admits(context);
  }
}

@Injectable()
class Making implements CanActivate {
  canActivate(context: ExecutionContext): Promise<boolean> {
    return new SessionGuard(new Reflector()).canActivate(context);
  }
}

/** As packages that combine guards do it. */
function anyOf(...guards: Type<CanActivate>[]): Type<CanActivate> {
  @Injectable()
  class AnyOf implements CanActivate {
    constructor(private readonly moduleRef: ModuleRef) {}

    async canActivate(context: ExecutionContext): Promise<boolean> {
      for (const guard of guards) {
        if (await this.moduleRef.get(guard, { strict: false }).canActivate(context)) return true;
      }
      return false;
    }
  }
  return mixin(AnyOf);
}

class Holding implements CanActivate {
  constructor(private readonly all: { readonly guards: CanActivate[] }) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const admit = (guard: CanActivate) => guard.canActivate(context) as Promise<boolean>;
    return admit(this.all.guards[0]!);
  }
}

@Injectable()
class SubclassOfInjecting extends Injecting {}

/** Has nothing to do with sessions. */
@Injectable()
class Unconcerned implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    return this.reflector.get<unknown>('roles', context.getHandler()) === undefined;
  }
}

@Injectable()
class SubclassOfUnconcerned extends Unconcerned {
  override canActivate(context: ExecutionContext): boolean {
    return super.canActivate(context);
  }
}

/** What is said of a controller at the start, and how it answers a visitor. */
async function start(guard: Type<CanActivate> | CanActivate | undefined, providers: Provider[] = []) {
  @UseGuards(...(guard === undefined ? [] : [guard]))
  @Controller()
  class MemberController {
    @RequireLogin()
    @Get('me')
    me(): string {
      return 'in';
    }

    @RequireSession('cart')
    @Get('cart')
    cart(): string {
      return 'in';
    }

    @Get('open')
    @RequireLogin(false)
    @RequireSession(false)
    open(): string {
      return 'in';
    }
  }
  const warnings: unknown[] = [];
  const nothing = (): void => undefined;
  const logger: LoggerService = { log: nothing, error: nothing, warn: (message) => warnings.push(message) };
  const module = await Test.createTestingModule({
    imports: [SessionModule.forRoot({ secret: SECRET })],
    controllers: [MemberController],
    providers: [Doorman, ...providers],
  }).compile();
  const app = module.createNestApplication();
  app.useLogger(logger);
  const { status } = await new Client(await listen(app)).get('/me');
  await app.close();
  return { warnings, status };
}

describe('routes that ask for a session', () => {
  it.each<[string, Type<CanActivate> | CanActivate]>([
    ['is one', SessionGuard],
    ['extends it', Subclass],
    ['injects it', Injecting],
    ['injects it as a property', InjectingProperty],
    ['extends one that injects it', SubclassOfInjecting],
    ['injects a service that injects it', AskingService],
    ['makes one', Making],
    ['is a mixin that looks it up', anyOf(SessionGuard)],
    ['is an instance of it', new SessionGuard(new Reflector())],
    ['is an instance that holds one', new Holding({ guards: [new SessionGuard(new Reflector())] })],
  ])('are not warned of where a guard stands that %s', async (_, guard) => {
    expect(await start(guard)).toEqual({ warnings: [], status: 401 });
  });

  it.each<[string, Provider]>([
    ['a subclass', { provide: APP_GUARD, useClass: Subclass }],
    ['one that injects it', { provide: APP_GUARD, useClass: Injecting }],
    [
      'one that a factory makes of it',
      {
        provide: APP_GUARD,
        inject: [SessionGuard],
        useFactory: (guard: SessionGuard) => ({ canActivate: guard.canActivate.bind(guard) }),
      },
    ],
    ['the one that there is', { provide: APP_GUARD, useExisting: SessionGuard }],
  ])('nor where %s guards the whole application', async (_, provider) => {
    expect(await start(undefined, [provider])).toEqual({ warnings: [], status: 401 });
  });

  it.each<[string, Type<CanActivate> | undefined]>([
    ['no guard', undefined],
    ['a guard that has nothing to do with it', Unconcerned],
    ['a subclass of such', SubclassOfUnconcerned],
  ])('are warned of where %s stands', async (_, guard) => {
    expect(await start(guard)).toEqual({
      warnings: [
        expect.stringMatching(/^MemberController\.me, MemberController\.cart: @RequireSession\(\) or/),
      ],
      status: 200,
    });
  });
});
