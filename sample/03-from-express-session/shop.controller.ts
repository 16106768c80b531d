import { Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { Session } from 'nest-session';

/** The shop as a controller. */
@Controller()
export class ShopController {
  @Get()
  home(@Session() session: Session) {
    session.views = (session.views ?? 0) + 1;
    const { views, userId = null } = session;
    return { views, userId };
  }

  @Post('login/:name')
  @HttpCode(200)
  async login(@Session() session: Session, @Param('name') name: string) {
    await session.login(name, { keep: ['views'] });
    return { userId: session.userId };
  }

  @Post('logout')
  @HttpCode(204)
  async logout(@Session() session: Session) {
    await session.logout();
  }
}
