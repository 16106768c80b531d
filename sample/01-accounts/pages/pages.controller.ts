import { Controller, Get, Header } from '@nestjs/common';
import { Flash, Session } from 'nest-session';
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
