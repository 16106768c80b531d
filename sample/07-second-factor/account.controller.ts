import {
  BadRequestException,
  Body,
  ConflictException,
  Controller,
  Get,
  HttpCode,
  Post,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import { AllowAnonymous, RequireLogin, Session, SessionService } from 'nest-session';
import { AccountGuard } from './account.guard.js';
import { Accounts } from './accounts.js';
import { SecondFactor } from './second-factor.js';

@UseGuards(AccountGuard)
@RequireLogin()
@Controller()
export class AccountController {
  constructor(
    private readonly accounts: Accounts,
    private readonly factors: SecondFactor,
    private readonly sessions: SessionService,
  ) {}

  @AllowAnonymous()
  @Post('sign-up')
  async signUp(@Body('name') name: unknown, @Body('password') password: unknown): Promise<void> {
    if (typeof name !== 'string' || !/^\w{1,40}$/.test(name))
      throw new BadRequestException('Enter a name of 1 to 40 letters and digits.');
    if (this.accounts.has(name)) throw new ConflictException('This name is taken.');
    await this.accounts.setPassword(name, passwordIn(password));
  }

  @AllowAnonymous()
  @Post('sign-in')
  @HttpCode(204)
  async signIn(
    @Session() session: Session,
    @Body('name') name: unknown,
    @Body('password') password: unknown,
  ): Promise<void> {
    if (
      typeof name !== 'string' ||
      typeof password !== 'string' ||
      !(await this.accounts.check(name, password))
    )
      throw new UnauthorizedException('The name or the password is wrong.');
    session.hasSecondFactor = this.factors.isSetUp(name);
    await session.login(name, { keep: ['hasSecondFactor'] });
  }

  @Get()
  show(@Session() { userId, level, hasSecondFactor }: Session): object {
    return { name: userId, level, hasSecondFactor };
  }

  /** The sensitive route. The other devices are signed out (OWASP ASVS 5.0, 7.4.3). */
  @RequireLogin({ level: 2, within: '5m', self: true })
  @Post('password')
  @HttpCode(204)
  async changePassword(
    @Session() session: Session,
    @Session('userId') name: string,
    @Body('password') password: unknown,
  ): Promise<void> {
    await this.accounts.setPassword(name, passwordIn(password));
    await this.sessions.revokeAll(name, { except: session });
    await session.rotate();
  }

  @Post('sign-out')
  @HttpCode(204)
  async signOut(@Session() session: Session): Promise<void> {
    await session.logout();
  }
}

function passwordIn(given: unknown): string {
  if (typeof given === 'string' && given.length >= 8 && given.length <= 200) return given;
  throw new BadRequestException('Enter a password of 8 to 200 characters.');
}
