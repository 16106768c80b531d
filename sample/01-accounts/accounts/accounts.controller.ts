import { Body, Controller, Get, Post, Query, Redirect, Res } from '@nestjs/common';
import type { Response } from 'express';
import { Flash, Session } from 'nest-session';
import { UsersService } from '../users/users.service.js';
import { accountErrors, readAccountForm } from './account-form.js';
import { signInPage, signUpPage } from './account.pages.js';
import { localPath, withNext } from './local-path.js';

@Controller()
export class AccountsController {
  constructor(private readonly users: UsersService) {}

  @Get('sign-up')
  signUpForm(
    @Session() session: Session,
    @Flash('notice') notices: string[],
    @Query('next') next: unknown,
  ): string {
    return signUpPage({ session, notices, next: localPath(next) });
  }

  @Post('sign-up')
  async signUp(@Session() session: Session, @Body() body: unknown, @Res() response: Response): Promise<void> {
    const form = readAccountForm(body);
    const { name, next } = form;
    let errors = accountErrors(form);
    if (errors === undefined && (await this.users.create(name, form.password)) === undefined) {
      errors = { name: 'Somebody has this name already. Choose another one.' };
    }
    if (errors !== undefined) {
      response.status(422).send(signUpPage({ session, name, next, errors }));
      return;
    }
    session.flash('notice', `Your account is ready, ${name}. Sign in to use it.`);
    session.flash('name', name);
    response.redirect(303, withNext('/sign-in', next));
  }

  @Get('sign-in')
  signInForm(
    @Session() session: Session,
    @Flash('notice') notices: string[],
    @Flash('name') names: string[],
    @Query() query: Record<string, unknown>,
  ): string {
    const next = localPath(query.next);
    const reason = reasonOf(session, next, query);
    const name = names.at(-1) ?? session.userName;
    return signInPage({ session, notices, name, next, reason });
  }

  /**
   * A new session id, so that one who knew the old one has nothing. Of what was somebody else's, or nobody's, only the
   * cart is kept; who signs in again keeps everything.
   */
  @Post('sign-in')
  async signIn(@Session() session: Session, @Body() body: unknown, @Res() response: Response): Promise<void> {
    const { name, password, next } = readAccountForm(body);
    const user = await this.users.authenticate(name, password);
    if (user === undefined) {
      const errors = { password: 'Name or password is wrong.' };
      response.status(422).send(signInPage({ session, name, next, errors }));
      return;
    }
    await session.login(user.id, session.userId === user.id ? {} : { keep: ['cart'] });
    // A change of the password meanwhile has ended all sessions but this one, which began too late for that.
    if (!(await this.users.hasStill(user))) {
      await session.logout();
      response.redirect(303, '/sign-in');
      return;
    }
    session.userName = user.name;
    session.flash('notice', `You are signed in. Welcome, ${user.name}!`);
    response.redirect(303, next);
  }

  /** The session is over, and with it everything it held: there is nothing to keep a notice in. */
  @Post('sign-out')
  @Redirect('/sign-in?signed-out', 303)
  async signOut(@Session() session: Session): Promise<void> {
    await session.logout();
  }
}

/** Why somebody sees the sign-in form. */
function reasonOf(session: Session, next: string, query: Record<string, unknown>): string | undefined {
  if (session.userId !== undefined && 'again' in query) {
    return 'The page you asked for is for those who have just signed in. Show that it is still you.';
  }
  if (session.userId !== undefined) return `You are signed in already, as ${session.userName}.`;
  if ('signed-out' in query) return 'You are signed out.';
  if (next !== '/') return 'The page you asked for is for members.';
  return undefined;
}
