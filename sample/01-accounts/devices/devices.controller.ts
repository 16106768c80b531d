import {
  Controller,
  Get,
  Header,
  NotFoundException,
  Param,
  Post,
  Redirect,
  Res,
  UseGuards,
} from '@nestjs/common';
import type { Response } from 'express';
import { Flash, RequireLogin, Session, SessionGuard, SessionService } from 'nest-session';
import { deviceName } from './device-name.js';
import { devicesPage } from './devices.page.js';

/** Where somebody is signed in. What is ended here is signed out with its very next request. */
@Controller('devices')
@UseGuards(SessionGuard)
@RequireLogin()
export class DevicesController {
  constructor(private readonly sessions: SessionService) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  async show(
    @Session() session: Session,
    @Session('userId') userId: string,
    @Flash('notice') notices: string[],
  ): Promise<string> {
    return devicesPage(session, await this.sessions.list(userId, { current: session }), notices);
  }

  /** `revoke` ends anybody's session, so the handle is looked for among one's own. */
  @Post(':handle/end')
  async end(
    @Session() session: Session,
    @Session('userId') userId: string,
    @Param('handle') handle: string,
    @Res() response: Response,
  ): Promise<void> {
    const devices = await this.sessions.list(userId, { current: session });
    const device = devices.find((one) => one.handle === handle);
    if (device === undefined) throw new NotFoundException();
    if (device.current) {
      await session.logout();
      response.redirect(303, '/sign-in?signed-out');
      return;
    }
    await this.sessions.revoke(handle);
    session.flash('notice', `${deviceName(device.userAgent)} is signed out.`);
    response.redirect(303, '/devices');
  }

  @Post('end-others')
  @Redirect('/devices', 303)
  async endOthers(@Session() session: Session, @Session('userId') userId: string): Promise<void> {
    await this.sessions.revokeAll(userId, { except: session });
    session.flash('notice', 'All your other devices are signed out.');
  }
}
