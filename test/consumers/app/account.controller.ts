import { Body, Controller, Get, HttpCode, Post, UseGuards } from '@nestjs/common';
import { RequireLogin, Session, SessionGuard, SessionService } from 'nest-session';
import { MemberGuard } from './member.guard.js';

class Credentials {
  readonly name!: string;
}

@Controller()
export class AccountController {
  constructor(private readonly sessions: SessionService) {}

  @Post('login')
  @HttpCode(204)
  async login(@Session() session: Session, @Body() { name }: Credentials) {
    await session.login(name);
  }

  @UseGuards(MemberGuard)
  @RequireLogin()
  @Get('me')
  me(@Session() session: Session) {
    session.visits = (session.visits ?? 0) + 1;
    return { userId: session.userId, visits: session.visits };
  }

  @UseGuards(SessionGuard)
  @Get('devices')
  async devices(@Session() session: Session, @Session('userId') userId: string) {
    const devices = await this.sessions.list(userId, { current: session });
    return devices.map(({ current }) => ({ current }));
  }

  @Post('logout')
  @HttpCode(204)
  async logout(@Session() session: Session) {
    await session.logout();
  }
}
