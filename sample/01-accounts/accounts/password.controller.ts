import { Body, Controller, Get, Header, Post, Res, UseGuards } from '@nestjs/common';
import type { Response } from 'express';
import { Flash, RequireLogin, Session, SessionGuard, SessionService } from 'nest-session';
import { fieldOf } from '../pages/form-body.js';
import { UsersService } from '../users/users.service.js';
import { passwordError } from './account-form.js';
import { type PasswordErrors, passwordPage } from './password.page.js';

/** For those who signed in a moment ago: a session that somebody left open is not enough. */
@Controller('password')
@UseGuards(SessionGuard)
@RequireLogin({ within: '5m' })
export class PasswordController {
  constructor(
    private readonly users: UsersService,
    private readonly sessions: SessionService,
  ) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  show(@Session() session: Session, @Flash('notice') notices: string[]): string {
    return passwordPage({ session, notices });
  }

  /**
   * Who gives the current password has signed in anew: hence `login()`, with its new id (OWASP ASVS 5.0, 7.2.4), and not
   * `rotate()`, after which the login would be as old as before. All other sessions end (7.4.3).
   */
  @Post()
  async change(
    @Session() session: Session,
    @Session('userId') userId: string,
    @Body() body: unknown,
    @Res() response: Response,
  ): Promise<void> {
    const errors = await this.#change(userId, fieldOf(body, 'current'), fieldOf(body, 'password'));
    if (errors !== undefined) {
      response.status(422).send(passwordPage({ session, errors }));
      return;
    }
    await session.login(userId);
    await this.sessions.revokeAll(userId, { except: session });
    session.flash('notice', 'Your password is changed, and all your other devices are signed out.');
    response.redirect(303, '/devices');
  }

  /** What is wrong; undefined where the password is changed. */
  async #change(userId: string, current: string, password: string): Promise<PasswordErrors | undefined> {
    const error = passwordError(password);
    if (error !== undefined) return { password: error };
    if (await this.users.changePassword(userId, current, password)) return undefined;
    return { current: 'This is not your current password.' };
  }
}
