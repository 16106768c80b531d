import { BadRequestException, Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { Session } from 'nest-session';

/** A counter with a sign-in that needs only a name. Samples 01 and 02 have real accounts. */
@Controller()
export class VisitsController {
  @Get()
  greet(@Session() session: Session): { greeting: string; visits: number } {
    return { greeting: `Hello, ${session.userId ?? 'stranger'}!`, visits: session.visits ?? 0 };
  }

  @Post('visits')
  async visit(@Session() session: Session): Promise<{ visits: number }> {
    return session.update((current) => ({ visits: (current.visits = (current.visits ?? 0) + 1) }));
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
