import { Body, Controller, HttpCode, Post, UnauthorizedException, UseGuards } from '@nestjs/common';
import { RequireLogin, Session, SessionService } from 'nest-session';
import { AccountGuard } from './account.guard.js';
import { SecondFactor } from './second-factor.js';

@UseGuards(AccountGuard)
@Controller('second-factor')
export class SecondFactorController {
  constructor(
    private readonly factors: SecondFactor,
    private readonly sessions: SessionService,
  ) {}

  /** Begins to set it up. The first correct code completes it. */
  @RequireLogin({ within: '5m', self: true })
  @Post('setup')
  setUp(@Session('userId') name: string): { uri: string } {
    return { uri: this.factors.begin(name) };
  }

  @RequireLogin({ self: true })
  @Post()
  @HttpCode(204)
  async prove(
    @Session() session: Session,
    @Session('userId') name: string,
    @Body('code') code: unknown,
  ): Promise<void> {
    const isFirst = !this.factors.isSetUp(name);
    if (!(await this.factors.check(name, code))) throw new UnauthorizedException('The code is wrong.');
    // The other sessions do not know that there is a second factor now.
    if (isFirst) await this.sessions.revokeAll(name, { except: session });
    session.hasSecondFactor = true;
    await session.stepUp(2);
  }
}
