import { Controller, Get, NotFoundException, UseGuards } from '@nestjs/common';
import { CsrfToken, Flash, RequireLogin, Session, SessionGuard } from 'nest-session';
import { UsersService } from '../users/users.service.js';
import { accountPage } from './account.page.js';

/** A session is not a login: a visitor with a cart has one, too. So the guard needs `@RequireLogin()`. */
@Controller('account')
@UseGuards(SessionGuard)
@RequireLogin()
export class AccountController {
  constructor(private readonly users: UsersService) {}

  @Get()
  async show(
    @Session() session: Session,
    @Session('userId') userId: string,
    @CsrfToken() csrf: string,
    @Flash('notice') notices: string[],
  ): Promise<string> {
    const user = await this.users.findById(userId);
    if (user === null) throw new NotFoundException();
    return accountPage({ session, csrf, notices }, user);
  }
}
