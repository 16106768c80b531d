import { Controller, Get, UseGuards } from '@nestjs/common';
import { RequireLogin, Session, SessionGuard, type SessionModuleOptions } from '../../../../lib/index.js';
import { selfSigned } from '../../../faults/support/certificate.js';
import type { AdapterName } from '../../../support/adapters.js';
import { type AnySession, type AnySite, type Backend, siteOn } from '../../../support/site.js';
import { DeviceBrowser } from './device-browser.js';

const https = selfSigned();

/** The cookies of a session here. */
export const SESSION = '__Host-sid';
export const DEVICE = '__Host-sid-device';

@Controller()
export class GuardedController {
  @UseGuards(SessionGuard)
  @Get('cart')
  cart(@Session() session: AnySession): object {
    return { ...session };
  }

  @UseGuards(SessionGuard)
  @RequireLogin()
  @Get('me')
  me(@Session('userId') userId: string): object {
    return { userId };
  }
}

/** A site over HTTPS whose sessions are bound to devices. */
export function openBoundSite(
  adapter: AdapterName,
  backend: Backend,
  options: Partial<SessionModuleOptions> = {},
): Promise<AnySite> {
  return siteOn(adapter, { https })(
    backend,
    { cookie: { secure: true }, deviceBound: true, ...options },
    undefined,
    [GuardedController],
  );
}

/** A browser with a key of its own. */
export function browserOf(site: AnySite): DeviceBrowser {
  return new DeviceBrowser(site.client());
}
