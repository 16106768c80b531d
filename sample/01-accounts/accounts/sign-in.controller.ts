import { Body, Controller, Get, Post, Query, Redirect, Res } from '@nestjs/common';
import type { Response } from 'express';
import { Flash, Session } from 'nest-session';
import type { User } from '../users/user.entity.js';
import { UsersService } from '../users/users.service.js';
import { accountErrors, readAccountForm } from './account-form.js';
import { localPath } from './local-path.js';
import { signInPage, signUpPage } from './sign-in.pages.js';

@Controller()
export class SignInController {
  constructor(private readonly users: UsersService) {}

  @Get('sign-up')
  signUpForm(
    @Session() session: Session,
    @Flash('notice') notices: string[],
    @Query('next') next: unknown,
  ): string {
    return signUpPage({ session, notices }, { next: localPath(next) });
  }

  /** Signing up also signs in. */
  @Post('sign-up')
  async signUp(@Session() session: Session, @Body() body: unknown, @Res() response: Response): Promise<void> {
    const form = readAccountForm(body);
    const { name, password, next } = form;
    const errors = accountErrors(form);
    const user = errors === undefined ? await this.users.create(name, password) : undefined;
    if (user === undefined) {
      const taken = { name: 'This name is taken. Choose another one.' };
      response.status(422).send(signUpPage({ session }, { name, next, errors: errors ?? taken }));
      return;
    }
    await this.#begin(session, user);
    session.flash('notice', `Your account is ready, and you are signed in. Welcome, ${user.name}!`);
    response.redirect(303, next);
  }

  @Get('sign-in')
  signInForm(
    @Session() session: Session,
    @Flash('notice') notices: string[],
    @Query() query: Record<string, unknown>,
  ): string {
    const next = localPath(query.next);
    return signInPage(
      { session, notices },
      { name: session.userName, next, reason: reasonOf(session, next, query) },
    );
  }

  @Post('sign-in')
  async signIn(@Session() session: Session, @Body() body: unknown, @Res() response: Response): Promise<void> {
    const { name, password, next } = readAccountForm(body);
    const user = await this.users.authenticate(name, password);
    if (user === undefined) {
      const errors = { password: 'The name or the password is wrong.' };
      response.status(422).send(signInPage({ session }, { name, next, errors }));
      return;
    }
    await this.#begin(session, user);
    // If the password was changed in the meantime, that ended all sessions except this one, which is newer.
    if (!(await this.users.hasStill(user))) {
      await session.logout();
      response.redirect(303, '/sign-in');
      return;
    }
    session.flash('notice', `You are signed in. Welcome, ${user.name}!`);
    response.redirect(303, next);
  }

  /** Ends the session with everything it held. So the next page takes its notice from the address. */
  @Post('sign-out')
  @Redirect('/sign-in?signed-out', 303)
  async signOut(@Session() session: Session): Promise<void> {
    await session.logout();
  }

  /**
   * Gives the session a new id. The old id, which someone else may know, stops working. Of the data of a visitor, or of
   * another user of this browser, only the cart is kept. A user who signs in again keeps everything.
   */
  async #begin(session: Session, user: User): Promise<void> {
    await session.login(user.id, session.userId === user.id ? {} : { keep: ['cart'] });
    session.userName = user.name;
  }
}

/** Why the visitor sees the form. */
function reasonOf(session: Session, next: string, query: Record<string, unknown>): string | undefined {
  if (session.userId !== undefined && 'again' in query) {
    return 'You signed in a while ago. Enter your password again to go on.';
  }
  if (session.userId !== undefined) return `You are already signed in, as ${session.userName}.`;
  if ('signed-out' in query) return 'You are signed out.';
  if (next !== '/') return 'Sign in to see this page.';
  return undefined;
}
