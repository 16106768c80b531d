import {
  Body,
  ConflictException,
  Controller,
  Delete,
  Get,
  HttpCode,
  Post,
  Req,
  UnprocessableEntityException,
  UseGuards,
} from '@nestjs/common';
import type { Request } from 'express';
import { type SessionInfo, SessionService } from 'nest-session';
import { accountErrors, readAccountForm } from '../../01-accounts/accounts/account-form.js';
import type { User } from '../../01-accounts/users/user.entity.js';
import { UsersService } from '../../01-accounts/users/users.service.js';
import { AuthenticatedGuard } from './authenticated.guard.js';
import { CurrentUser } from './current-user.decorator.js';
import { SignInGuard } from './sign-in.guard.js';

@Controller()
export class AuthController {
  constructor(
    private readonly users: UsersService,
    private readonly sessions: SessionService,
  ) {}

  @Post('sign-up')
  async signUp(@Body() body: unknown): Promise<{ name: string }> {
    const form = readAccountForm(body);
    const errors = accountErrors(form);
    if (errors !== undefined) throw new UnprocessableEntityException({ statusCode: 422, errors });
    const user = await this.users.create(form.name, form.password);
    if (user === undefined) throw new ConflictException('This name is taken.');
    return { name: user.name };
  }

  @Post('sign-in')
  @UseGuards(SignInGuard)
  @HttpCode(200)
  signIn(@CurrentUser() { name }: User): { name: string } {
    return { name };
  }

  @Get('me')
  @UseGuards(AuthenticatedGuard)
  me(@CurrentUser() { name, createdAt }: User): { name: string; memberSince: Date } {
    return { name, memberSince: createdAt };
  }

  /** Lists the user's sessions. */
  @Get('sessions')
  @UseGuards(AuthenticatedGuard)
  list(@CurrentUser() { id }: User, @Req() request: Request): Promise<SessionInfo[]> {
    return this.sessions.list(id, { current: request });
  }

  /** Signs the user out everywhere else. */
  @Delete('sessions')
  @UseGuards(AuthenticatedGuard)
  async endOthers(@CurrentUser() { id }: User, @Req() request: Request): Promise<{ ended: number }> {
    return { ended: await this.sessions.revokeAll(id, { except: request }) };
  }

  /** Ends the session and deletes its data. */
  @Post('sign-out')
  @HttpCode(204)
  signOut(@Req() request: Request): Promise<void> {
    return new Promise((resolve, reject) => {
      request.logout((error) => (error ? reject(error as Error) : resolve()));
    });
  }
}
