import { Controller, Get, Header, NotFoundException, UseGuards } from '@nestjs/common';
import { Flash, RequireSession, Session, SessionGuard } from 'nest-session';
import { UsersService } from '../users/users.service.js';
import { membersPage } from './members.page.js';

@Controller('members')
@UseGuards(SessionGuard)
@RequireSession('userId')
export class MembersController {
  constructor(private readonly users: UsersService) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  async show(
    @Session() session: Session,
    @Session('userId') userId: string,
    @Flash('notice') notices: string[],
  ): Promise<string> {
    const user = await this.users.findById(userId);
    if (user === null) throw new NotFoundException();
    return membersPage(session, user, notices);
  }
}
