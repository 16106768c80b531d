import { Controller, Get, NotFoundException, Param, Post, Redirect, UseGuards } from '@nestjs/common';
import { CsrfToken, Flash, RequireLogin, Session, SessionGuard, SessionService } from 'nest-session';
import { deviceName } from './device-name.js';
import { devicesPage } from './devices.page.js';

/**
 * Lists where a user is signed in. Signing out a device takes effect with its next request. It needs a recent login
 * (OWASP ASVS 5.0,
 * 7.5.2).
 */
@Controller('devices')
@UseGuards(SessionGuard)
@RequireLogin()
export class DevicesController {
  constructor(private readonly sessions: SessionService) {}

  @Get()
  async show(
    @Session() session: Session,
    @Session('userId') userId: string,
    @CsrfToken() csrf: string,
    @Flash('notice') notices: string[],
  ): Promise<string> {
    return devicesPage({ session, csrf, notices }, await this.sessions.list(userId, { current: session }));
  }

  @Post('end-others')
  @RequireLogin({ within: '10m' })
  @Redirect('/devices', 303)
  async endOthers(@Session() session: Session, @Session('userId') userId: string): Promise<void> {
    await this.sessions.revokeAll(userId, { except: session });
    session.flash('notice', 'All your other devices are signed out.');
  }

  /** A handle does not authorize anything. With `userId`, `revoke()` ends only sessions of this user. */
  @Post(':handle/end')
  @RequireLogin({ within: '10m' })
  @Redirect('/devices', 303)
  async end(
    @Session() session: Session,
    @Session('userId') userId: string,
    @Param('handle') handle: string,
  ): Promise<void> {
    const device = await this.sessions.get(handle);
    if (!(await this.sessions.revoke(handle, { userId }))) throw new NotFoundException();
    session.flash('notice', `${deviceName(device?.userAgent)} is signed out.`);
  }
}
