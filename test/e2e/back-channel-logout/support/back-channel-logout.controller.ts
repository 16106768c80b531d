import { Body, Controller, Header, HttpCode, Post } from '@nestjs/common';
import { AllowAnonymous, SessionService, SkipCsrf } from 'nest-session';
import { LogoutTokens } from './logout-tokens.js';

/** What the provider calls: the `backchannel_logout_uri` of your client. */
@AllowAnonymous()
@SkipCsrf()
@Controller('back-channel-logout')
export class BackChannelLogoutController {
  constructor(
    private readonly tokens: LogoutTokens,
    private readonly sessions: SessionService,
  ) {}

  @Post()
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  async logout(@Body('logout_token') token: unknown): Promise<void> {
    const { sub, sid, done } = await this.tokens.verify(token);
    // `sub` is the user id here. If you give users ids of your own, look the user up.
    if (sid === undefined) await this.sessions.revokeAll(sub!);
    else await this.sessions.revokeByReference(sid, sub === undefined ? {} : { userId: sub });
    done();
  }
}
