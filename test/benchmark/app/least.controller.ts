import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { Controller, Get, HttpCode, Inject, Post, Req, Res, Session } from '@nestjs/common';
import { type Answer, answerOf, newContent, type SessionContent } from './session-content.js';

/** The token of the store of {@link LeastController}. */
export const LEAST_STORE = Symbol('least store');

/** Sessions by id, with as little around them as can be. */
export interface LeastStore {
  read(id: string): Promise<SessionContent | undefined> | SessionContent | undefined;
  write(id: string, content: SessionContent): Promise<void> | void;
}

interface LeastRequest {
  readonly session: SessionContent;
  readonly sessionId: string;
}

/** Sessions that somebody has written by hand, to see what is the least that they can cost. */
@Controller()
export class LeastController {
  constructor(@Inject(LEAST_STORE) private readonly store: LeastStore) {}

  @Get('none')
  none(): Answer {
    return { items: 0, visits: 0 };
  }

  @Get('read')
  read(@Session() session: SessionContent): Answer {
    return answerOf(session);
  }

  @HttpCode(200)
  @Post('change')
  change(@Req() { session, sessionId }: LeastRequest): Answer | Promise<Answer> {
    session.visits += 1;
    const written = this.store.write(sessionId, session);
    return written === undefined ? answerOf(session) : written.then(() => answerOf(session));
  }

  @HttpCode(200)
  @Post('login')
  async login(@Res({ passthrough: true }) response: ServerResponse): Promise<Answer> {
    const content = newContent();
    const id = randomBytes(32).toString('base64url');
    await this.store.write(id, content);
    response.setHeader('set-cookie', `sid=${id}; Path=/; HttpOnly`);
    return answerOf(content);
  }
}
