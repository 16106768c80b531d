import { All, Controller, Get, type INestApplication, Post } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import type { NextFunction, Request, Response } from 'express';
import { request } from 'node:http';
import {
  CsrfGuard,
  CsrfToken,
  Session,
  SessionModule,
  type SessionModuleOptions,
  SkipCsrf,
} from '../../../../lib/index.js';
import { listen } from '../../../support/client.js';
import { type AnySession, type Backend, SECRET } from '../../../support/site.js';
import { spyOnStore, type StoreSpy } from '../../../support/spy-store.js';

@Controller()
class BankController {
  @Get('form')
  form(@CsrfToken() csrf: string): object {
    return { csrf };
  }

  @Get('forms')
  forms(@CsrfToken() one: string, @CsrfToken() other: string): object {
    return { one, other };
  }

  @Get('data')
  data(@Session() session: AnySession): object {
    return { ...session };
  }

  @Post('transfer')
  transfer(@Session() session: AnySession): void {
    session.transfers = Number(session.transfers ?? 0) + 1;
  }

  @All('anything')
  anything(@Session() session: AnySession): void {
    session.transfers = Number(session.transfers ?? 0) + 1;
  }

  @Post('login')
  login(@Session() session: AnySession): Promise<void> {
    return session.login('ada');
  }

  @Post('rotate')
  rotate(@Session() session: AnySession): Promise<void> {
    return session.rotate();
  }

  @Post('regenerate')
  async regenerate(@Session() session: AnySession): Promise<void> {
    await session.regenerate();
  }

  @SkipCsrf()
  @Post('webhook')
  webhook(): object {
    return { received: true };
  }
}

@SkipCsrf()
@Controller('hooks')
class HooksController {
  @Post('paid')
  paid(): object {
    return { received: true };
  }
}

/** As the package method-override does it: with a GET, too. */
function overrideMethod(req: Request, _res: Response, next: NextFunction): void {
  const method = req.query._method ?? req.headers['x-http-method-override'];
  if (typeof method === 'string') req.method = method;
  next();
}

/** A bank whose every route is guarded. */
export interface Bank {
  readonly app: INestApplication;
  readonly spy: StoreSpy;
  visitor(): Visitor;
  close(): Promise<void>;
}

export async function openBank(backend: Backend, options: Partial<SessionModuleOptions> = {}): Promise<Bank> {
  const spy = spyOnStore(backend.store);
  const moduleRef = await Test.createTestingModule({
    imports: [SessionModule.forRoot({ secret: SECRET, store: spy.store, ...options })],
    controllers: [BankController, HooksController],
    providers: [{ provide: APP_GUARD, useClass: CsrfGuard }],
  }).compile();
  const app = moduleRef.createNestApplication();
  app.useLogger(false);
  app.use(overrideMethod);
  const base = await listen(app);
  return { app, spy, visitor: () => new Visitor(base), close: () => app.close() };
}

export interface Answer {
  readonly status: number;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- what a server answers is looked at freely in tests
  readonly body: any;
  readonly setCookies: readonly string[];
}

export interface Sent {
  readonly headers?: Readonly<Record<string, string>>;
  readonly form?: Readonly<Record<string, string>>;
  readonly json?: unknown;
}

/** A browser that says of a request just what the test says: no other client lets one set these headers. */
export class Visitor {
  cookie: string | undefined;

  constructor(readonly base: string) {}

  /** The origin of the bank's pages. */
  get origin(): string {
    return this.base;
  }

  /** Another client with the same cookie, but of another instance. */
  at(bank: Bank): Visitor {
    const visitor = bank.visitor();
    visitor.cookie = this.cookie;
    return visitor;
  }

  /** A token from the page with the form. */
  async token(): Promise<string> {
    const { body } = await this.send('GET', '/form');
    return (body as { csrf: string }).csrf;
  }

  /** Posts as a page of the bank does in a browser of today. */
  post(path: string): Promise<Answer> {
    return this.send('POST', path, { headers: { 'sec-fetch-site': 'same-origin' } });
  }

  /** Posts a token, from a browser that says nothing of itself. */
  async tokenIs(token: string): Promise<'good' | 'bad'> {
    const { status, body } = await this.send('POST', '/transfer', { form: { _csrf: token } });
    if (status === 201) return 'good';
    if ((body as { code?: unknown }).code === 'CSRF_TOKEN_REQUIRED') return 'bad';
    throw new Error(`The answer is ${status}.`);
  }

  /** How many transfers there were. */
  async transfers(): Promise<number> {
    const { body } = await this.send('GET', '/data');
    return Number((body as { transfers?: number }).transfers ?? 0);
  }

  send(method: string, path: string, { headers = {}, form, json }: Sent = {}): Promise<Answer> {
    const [type, text] =
      form !== undefined
        ? ['application/x-www-form-urlencoded', new URLSearchParams(form).toString()]
        : json !== undefined
          ? ['application/json', JSON.stringify(json)]
          : [undefined, undefined];
    return new Promise((resolve, reject) => {
      const outgoing = request(
        this.base + path,
        {
          method,
          agent: false,
          headers: {
            ...(this.cookie !== undefined && { cookie: this.cookie }),
            ...(type !== undefined && { 'content-type': type }),
            ...headers,
          },
        },
        (response) => {
          let answer = '';
          response.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
          response.on('error', reject).on('end', () => {
            const setCookies = response.headers['set-cookie'] ?? [];
            for (const line of setCookies) this.cookie = line.split(';')[0];
            resolve({ status: response.statusCode!, body: parsed(answer), setCookies });
          });
        },
      );
      outgoing.on('error', reject).end(text);
    });
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
