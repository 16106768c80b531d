import {
  Body,
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  type INestApplication,
  Injectable,
  type MiddlewareConsumer,
  Module,
  Post,
  Redirect,
  Req,
  RequestMethod,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { AuthGuard, type IAuthModuleOptions, PassportModule } from '@nestjs/passport';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import type { Request, RequestHandler } from 'express';
import passport from 'passport';
import { type SessionEvent, SessionEvents, type SessionModuleOptions } from '../../../../lib/index.js';
import { Client, listen } from '../../../support/client.js';
import { deferred } from '../../../support/site.js';
import type { Home } from './homes.js';
import { ANN, KeyStrategy, LocalStrategy, PersonSerializer, ProviderStrategy } from './people.js';

/** A request that is under way for as long as a test likes. */
export const late = { arrived: deferred(), mayGoOn: deferred() };

type Visit = Request & { session: Record<string, unknown> };

/** A guard that signs in whoever the strategy knows, as the documentation of Nest has it. */
function signingIn(strategy: string | string[]): Type<CanActivate> {
  @Injectable()
  class SigningInGuard extends AuthGuard(strategy) {
    override async canActivate(context: ExecutionContext): Promise<boolean> {
      const result = (await super.canActivate(context)) as boolean;
      await super.logIn(context.switchToHttp().getRequest<Request>());
      return result;
    }
  }
  return SigningInGuard;
}

const LocalGuard = signingIn('local');
const EitherGuard = signingIn(['key', 'local']);
const ProviderGuard = signingIn('provider');

@Controller()
class PassportController {
  @Get('me')
  me(@Req() request: Visit) {
    const { cookie: _, ...data } = request.session;
    return { user: request.user ?? null, in: request.isAuthenticated(), data };
  }

  @Post('data')
  data(@Req() request: Visit, @Body() body: object) {
    Object.assign(request.session, body);
  }

  /** Has the session in hand until the test lets it go on and change it. */
  @Post('late')
  async late(@Req() request: Visit, @Body() body: object) {
    late.arrived.resolve();
    await late.mayGoOn.promise;
    Object.assign(request.session, body);
  }

  @UseGuards(LocalGuard)
  @Post('login')
  login(@Req() request: Visit) {
    return request.user;
  }

  /** Signs a new member in: no strategy, but `req.login` itself. */
  @Post('join')
  async join(@Req() request: Visit, @Body() options: passport.LogInOptions) {
    await called((done) => request.login(ANN, options, done));
    request.session.joined = true;
    return request.user;
  }

  @Post('logout')
  logout(@Req() request: Visit, @Body() options: passport.LogOutOptions) {
    return called((done) => request.logout(options, done));
  }

  @UseGuards(EitherGuard)
  @Post('either')
  either(@Req() request: Visit) {
    return request.user;
  }

  @UseGuards(LocalGuard)
  @Redirect('/me', 303)
  @Post('login-and-go')
  loginAndGo() {
    return undefined;
  }

  @UseGuards(ProviderGuard)
  @Redirect('/me', 303)
  @Get('provider')
  provider() {
    return undefined;
  }
}

@Module({
  controllers: [PassportController],
  providers: [LocalStrategy, ProviderStrategy, KeyStrategy, PersonSerializer],
})
class PassportRoutes {
  /** Passport's own way, in a middleware, with its own redirects. */
  configure(consumer: MiddlewareConsumer): void {
    const options = { successRedirect: '/me', failureRedirect: '/failed', failureMessage: 'not you' };
    consumer
      .apply(passport.authenticate('local', options) as RequestHandler)
      .forRoutes({ path: 'passport', method: RequestMethod.POST });
  }
}

export interface Application {
  readonly app: INestApplication;
  readonly events: SessionEvent[];
  /** What the application and Nest wrote to the log. */
  readonly log: string[];
  client(): Client;
  close(): Promise<void>;
}

export interface ApplicationOptions {
  readonly passport?: IAuthModuleOptions;
  readonly session?: Partial<SessionModuleOptions>;
  readonly imports?: Type[];
  readonly controllers?: Type[];
  readonly providers?: Type[];
  /** In place of what usually stands in `main.ts`. */
  readonly setUp?: (app: NestExpressApplication) => void;
}

/** An application that signs people in with Passport. */
export async function openApplication(home: Home, options: ApplicationOptions = {}): Promise<Application> {
  const { imports = [], controllers = [], providers = [] } = options;
  const moduleRef = await Test.createTestingModule({
    imports: [
      ...(home.imports(options.session) as Type[]),
      { ...PassportModule.register(options.passport ?? {}), global: true },
      PassportRoutes,
      ...imports,
    ],
    controllers,
    providers,
  }).compile();
  const app = moduleRef.createNestApplication<NestExpressApplication>();
  const log: string[] = [];
  const say = (...words: unknown[]): void => void log.push(words.map(textOf).join(' '));
  app.useLogger({ log: say, error: say, warn: say, debug: say, verbose: say, fatal: say });
  const usual = (): void => {
    home.use(app);
    app.use(passport.initialize());
    app.use(passport.session());
  };
  (options.setUp ?? usual)(app);
  const events: SessionEvent[] = [];
  if (home.events) app.get(SessionEvents).all.subscribe((event) => events.push(event));
  const base = await listen(app);
  return { app, events, log, client: () => new Client(base), close: () => app.close() };
}

/** What a function tells its callback, as a promise. */
function called(run: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    run((error) => (error ? reject(error) : resolve()));
  });
}

/** Whatever of a value a log could show. */
export function textOf(value: unknown): string {
  if (!(value instanceof Error)) return typeof value === 'string' ? value : String(JSON.stringify(value));
  const cause = value.cause === undefined ? '' : textOf(value.cause);
  return `${value.stack} ${JSON.stringify(value)} ${cause}`;
}
