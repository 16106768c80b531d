import { BadRequestException, Body, Controller, Get, HttpCode, Post, UseGuards } from '@nestjs/common';
import { RequireLogin, Session, SessionGuard } from 'nest-session';
import { InstanceName } from './instance-name.js';

/** A counter with a sign-in that needs only a name. Samples 01 and 02 have real accounts. */
@Controller()
export class VisitsController {
  constructor(private readonly instance: InstanceName) {}

  @Get()
  greet(@Session() session: Session): { instance: string; greeting: string; visits: number } {
    const greeting = `Hello, ${session.userId ?? 'stranger'}!`;
    return { instance: this.instance.value, greeting, visits: session.visits ?? 0 };
  }

  @Get('account')
  @UseGuards(SessionGuard)
  @RequireLogin()
  account(@Session('userId') name: string): { instance: string; name: string } {
    return { instance: this.instance.value, name };
  }

  @Post('visits')
  async visit(@Session() session: Session): Promise<{ instance: string; visits: number }> {
    const visits = await session.update((current) => (current.visits = (current.visits ?? 0) + 1));
    return { instance: this.instance.value, visits };
  }

  @Post('sign-in')
  @HttpCode(204)
  async signIn(@Session() session: Session, @Body('name') name?: unknown): Promise<void> {
    if (typeof name !== 'string' || !/^\S.{0,39}$/.test(name))
      throw new BadRequestException('Enter a name of 1 to 40 characters.');
    await session.login(name);
  }

  @Post('sign-out')
  @HttpCode(204)
  async signOut(@Session() session: Session): Promise<void> {
    await session.logout();
  }
}
