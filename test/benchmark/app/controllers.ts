import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import {
  Controller,
  Get,
  Headers,
  HttpCode,
  Inject,
  Post,
  Req,
  Res,
  Session as RequestSession,
  type Type,
} from '@nestjs/common';
import { Session } from 'nest-session';
import type pg from 'pg';
import { LeastController } from './least.controller.js';
import { type Answer, answerOf, newContent, type SessionContent } from './session-content.js';
import { SoakController } from './soak.controller.js';

/*
 * One controller for each way to a session, with the same routes and the same answers. Each takes the session as its
 * users do: `@Session()` of Nest is `req.session`, `@Session()` of this package is its own.
 */

/** The token of the pool that {@link PlainSelectController} asks. */
export const PLAIN_POOL = Symbol('plain pool');

const NOTHING: Answer = { items: 0, visits: 0 };

type Content = Partial<SessionContent>;

/** The routes without any session: the limit. */
@Controller()
class PlainController {
  readonly #content = newContent();

  @Get('none')
  none(): Answer {
    return NOTHING;
  }

  @Get('read')
  read(): Answer {
    return answerOf(this.#content);
  }

  @HttpCode(200)
  @Post('change')
  change(): Answer {
    this.#content.visits += 1;
    return answerOf(this.#content);
  }

  @HttpCode(200)
  @Post('login')
  login(): Answer {
    return answerOf(newContent());
  }
}

interface ExpressRequest {
  session: Content & { regenerate(done: (error?: Error) => void): unknown };
}

/** express-session and its stores. */
@Controller()
class ExpressSessionController {
  @Get('none')
  none(): Answer {
    return NOTHING;
  }

  @Get('read')
  read(@RequestSession() session: Content): Answer {
    return answerOf(session);
  }

  @HttpCode(200)
  @Post('change')
  change(@RequestSession() session: Content): Answer {
    session.visits = (session.visits ?? 0) + 1;
    return answerOf(session);
  }

  @HttpCode(200)
  @Post('login')
  async login(@Req() request: ExpressRequest): Promise<Answer> {
    await new Promise<void>((resolve, reject) => {
      request.session.regenerate((error) => (error ? reject(error) : resolve()));
    });
    return answerOf(Object.assign(request.session, newContent()));
  }
}

interface FastifyRequest {
  session: Content & { regenerate(): Promise<void> };
}

/** @fastify/session and its stores. */
@Controller()
class FastifySessionController {
  @Get('none')
  none(): Answer {
    return NOTHING;
  }

  @Get('read')
  read(@RequestSession() session: Content): Answer {
    return answerOf(session);
  }

  @HttpCode(200)
  @Post('change')
  change(@RequestSession() session: Content): Answer {
    session.visits = (session.visits ?? 0) + 1;
    return answerOf(session);
  }

  @HttpCode(200)
  @Post('login')
  async login(@Req() request: FastifyRequest): Promise<Answer> {
    await request.session.regenerate();
    return answerOf(Object.assign(request.session, newContent()));
  }
}

/** This package. */
@Controller()
class OwnController {
  @Get('none')
  none(): Answer {
    return NOTHING;
  }

  @Get('read')
  read(@Session() session: Content): Answer {
    return answerOf(session);
  }

  @HttpCode(200)
  @Post('change')
  change(@Session() session: Content): Answer {
    session.visits = (session.visits ?? 0) + 1;
    return answerOf(session);
  }

  @HttpCode(200)
  @Post('login')
  async login(@Session() session: Content & { login(userId: string): Promise<void> }): Promise<Answer> {
    const content = newContent();
    await Object.assign(session, content).login(content.userId);
    return answerOf(session);
  }
}

/** No session, but a look into the database for every visitor: the least that a session kept there can cost. */
@Controller()
class PlainSelectController {
  constructor(@Inject(PLAIN_POOL) private readonly pool: pg.Pool) {}

  @Get('read')
  async read(@Headers('cookie') cookie: string): Promise<Answer> {
    const id = cookie.slice('sid='.length);
    const { rows } = await this.pool.query<{ data: string }>('SELECT * FROM plain WHERE id = $1', [id]);
    return answerOf(JSON.parse(rows[0]!.data) as SessionContent);
  }

  @HttpCode(200)
  @Post('login')
  async login(@Res({ passthrough: true }) response: ServerResponse): Promise<Answer> {
    const content = newContent();
    const id = randomBytes(32).toString('base64url');
    await this.pool.query('INSERT INTO plain VALUES ($1, $2)', [id, JSON.stringify(content)]);
    response.setHeader('set-cookie', `sid=${id}; Path=/; HttpOnly`);
    return answerOf(content);
  }
}

/** The controller for each kind of session. */
export const CONTROLLERS = {
  plain: PlainController,
  'express-session': ExpressSessionController,
  '@fastify/session': FastifySessionController,
  'nest-session': OwnController,
  'plain-select': PlainSelectController,
  least: LeastController,
  soak: SoakController,
} as const satisfies Record<string, Type>;

export type SessionKind = keyof typeof CONTROLLERS;
