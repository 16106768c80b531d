import { BadRequestException, Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { Session } from 'nest-session';
import type { User } from '../01-accounts/users/user.entity.js';
import { CurrentUser } from './auth/current-user.decorator.js';

const GREETINGS = new Map([
  ['en', 'Hello'],
  ['de', 'Hallo'],
  ['fr', 'Bonjour'],
]);

/** Open to everyone. A visitor gets a session when they choose a language. */
@Controller()
export class GreetingController {
  @Get()
  greet(@Session('language') language = 'en', @CurrentUser() user?: User): { greeting: string } {
    return { greeting: `${GREETINGS.get(language)}, ${user?.name ?? 'stranger'}!` };
  }

  @Post('language')
  @HttpCode(204)
  choose(@Session() session: Session, @Body('language') language: string): void {
    if (!GREETINGS.has(language)) throw new BadRequestException('The languages are en, de and fr.');
    session.language = language;
  }
}
