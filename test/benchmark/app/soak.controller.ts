import { Controller, Get, HttpCode, Post } from '@nestjs/common';
import { Session } from 'nest-session';
import { newContent, type SessionContent } from './session-content.js';

/** Whether the visitor was signed in: sessions of a soak expire, which is no error. */
export interface SoakAnswer {
  readonly here: boolean;
}

type SoakSession = Partial<SessionContent> & {
  login(userId: string): Promise<void>;
  rotate(): Promise<void>;
  logout(): Promise<void>;
};

/** All that happens to sessions, for as long as one likes. */
@Controller()
export class SoakController {
  @Get('read')
  read(@Session() session: SoakSession): SoakAnswer {
    return { here: session.userId !== undefined };
  }

  @HttpCode(200)
  @Post('change')
  change(@Session() session: SoakSession): SoakAnswer {
    if (session.visits !== undefined) session.visits += 1;
    return this.read(session);
  }

  @HttpCode(200)
  @Post('login')
  async login(@Session() session: SoakSession): Promise<SoakAnswer> {
    const content = newContent();
    await Object.assign(session, content).login(content.userId);
    return this.read(session);
  }

  @HttpCode(200)
  @Post('renew')
  async renew(@Session() session: SoakSession): Promise<SoakAnswer> {
    const answer = this.read(session);
    if (answer.here) await session.rotate();
    return answer;
  }

  @HttpCode(200)
  @Post('logout')
  async logout(@Session() session: SoakSession): Promise<SoakAnswer> {
    await session.logout();
    return { here: false };
  }
}
