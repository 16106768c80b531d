import { Controller, Get, Query, Redirect, UnauthorizedException } from '@nestjs/common';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { AllowAnonymous, RequireLogin, Session } from 'nest-session';
import { OpenIdProvider } from './open-id-provider.js';

/** A sign-in with the provider, as short as can be: what a client library does is done by hand. */
@Controller()
export class SignInController {
  private readonly keys;

  constructor(private readonly provider: OpenIdProvider) {
    this.keys = createRemoteJWKSet(new URL(provider.jwksUri));
  }

  @AllowAnonymous()
  @Get('callback')
  @Redirect('/me')
  async finish(@Session() session: Session, @Query('code') code: string): Promise<void> {
    const response = await fetch(`${this.provider.issuer}/token?code=${code}`, { method: 'POST' });
    if (!response.ok) throw new UnauthorizedException();
    const { id_token } = (await response.json()) as { id_token: string };
    const { payload } = await jwtVerify<{ sid?: string }>(id_token, this.keys, {
      issuer: this.provider.issuer,
      audience: this.provider.clientId,
    });
    await session.login(payload.sub!, { reference: payload.sid });
  }

  @RequireLogin()
  @Get('me')
  me(@Session('userId') userId: string): object {
    return { userId };
  }

  @RequireLogin()
  @Get('renew')
  async renew(@Session() session: Session): Promise<void> {
    await session.stepUp(2);
  }
}
