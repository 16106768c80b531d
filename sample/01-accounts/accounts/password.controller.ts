import { Body, Controller, Get, Post, Res, UseGuards } from '@nestjs/common';
import type { Response } from 'express';
import { CsrfToken, Flash, RequireLogin, Session, SessionGuard, SessionService } from 'nest-session';
import { fieldOf } from '../pages/form-body.js';
import { UsersService } from '../users/users.service.js';
import { passwordError } from './account-form.js';
import { type PasswordErrors, passwordPage } from './password.page.js';

/**
 * Changing the password requires a recent login (OWASP ASVS 5.0, 7.5.1 and 7.5.3): someone who finds an unattended
 * session cannot change it.
 */
@Controller('password')
@UseGuards(SessionGuard)
@RequireLogin({ within: '5m' })
export class PasswordController {
  constructor(
    private readonly users: UsersService,
    private readonly sessions: SessionService,
  ) {}

  @Get()
  show(@Session() session: Session, @CsrfToken() csrf: string, @Flash('notice') notices: string[]): string {
    return passwordPage({ session, csrf, notices });
  }

  /**
   * The user has given the current password, which is a new login. So `login()` renews the id and the time of the login
   * (OWASP ASVS 5.0, 7.2.4), and all other sessions end (7.4.3).
   */
  @Post()
  async change(
    @Session() session: Session,
    @Session('userId') userId: string,
    @CsrfToken() csrf: string,
    @Body() body: unknown,
    @Res() response: Response,
  ): Promise<void> {
    const errors = await this.#change(userId, fieldOf(body, 'current'), fieldOf(body, 'password'));
    if (errors !== undefined) {
      response.status(422).send(passwordPage({ session, csrf }, errors));
      return;
    }
    await session.login(userId);
    await this.sessions.revokeAll(userId, { except: session });
    session.flash('notice', 'Your password is changed. All your other devices are signed out.');
    response.redirect(303, '/devices');
  }

  /** Changes the password. Answers what is wrong, or undefined if it is changed. */
  async #change(userId: string, current: string, password: string): Promise<PasswordErrors | undefined> {
    const error = passwordError(password);
    if (error !== undefined) return { password: error };
    switch (await this.users.changePassword(userId, current, password)) {
      case 'changed':
        return undefined;
      case 'wrong':
        return { current: 'This is not your current password.' };
      case 'same':
        return { password: 'Choose a password that is not your current one.' };
    }
  }
}
