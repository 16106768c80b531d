import { Controller, Get, Header, HttpCode, Post, UseGuards } from '@nestjs/common';
import { Flash, PassiveSession, RequireLogin, Session, SessionGuard } from 'nest-session';
import { homePage } from './home.page.js';
import { SCRIPT } from './script.js';
import { sessionPage } from './session.page.js';
import { STYLESHEET } from './stylesheet.js';

@Controller()
export class PagesController {
  @Get()
  home(@Session() session: Session, @Flash('notice') notices: string[]): string {
    return homePage({ session, notices });
  }

  @Get('session')
  session(@Session() session: Session, @Flash('notice') notices: string[]): string {
    return sessionPage({ session, notices });
  }

  /** The count-down asks for this. The session does not live longer for it. */
  @UseGuards(SessionGuard)
  @RequireLogin()
  @PassiveSession()
  @Get('session/expiry')
  expiry(@Session() session: Session): { expiresAt: Date } {
    return { expiresAt: session.expiresAt };
  }

  @UseGuards(SessionGuard)
  @RequireLogin()
  @Post('session/stay')
  @HttpCode(200)
  async stay(@Session() session: Session): Promise<{ expiresAt: Date }> {
    session.touch();
    await session.save(); // now, for the answer to say when it ends
    return { expiresAt: session.expiresAt };
  }

  @Get('style.css')
  @Header('Content-Type', 'text/css; charset=utf-8')
  @Header('Cache-Control', 'no-cache')
  stylesheet(): string {
    return STYLESHEET;
  }

  @Get('page.js')
  @Header('Content-Type', 'text/javascript; charset=utf-8')
  @Header('Cache-Control', 'no-cache')
  script(): string {
    return SCRIPT;
  }
}
