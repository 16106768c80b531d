import { Body, Controller, Get, Post, UnauthorizedException, UseGuards } from '@nestjs/common';
import { RequireLogin, Session, SessionGuard } from 'nest-session';
import { SecondFactor } from './second-factor.js';

@UseGuards(SessionGuard)
@RequireLogin({ self: true })
@Controller()
export class SecondFactorController {
  constructor(private readonly factors: SecondFactor) {}

  @RequireLogin({ self: true, within: '5m' })
  @Post('second-factor/setup')
  setUp(@Session('userId') userId: string) {
    return { uri: this.factors.begin(userId) };
  }

  @Post('second-factor')
  async prove(@Session() session: Session, @Session('userId') userId: string, @Body('code') code: unknown) {
    if (!(await this.factors.check(userId, code))) throw new UnauthorizedException('The code is wrong.');
    await session.stepUp(2);
  }

  @RequireLogin({ level: 2, within: '10m' })
  @Get('payouts')
  payouts() {
    return [];
  }
}
