import type { HttpProfile } from '../options/http-profile.js';
import { Cookie } from './cookie.js';
import { errorFor } from './errors.js';
import { Session } from './session.js';

/** Names on a session that are not data: its own members, and those of every object. */
const MEMBER_NAMES = new Set([
  'cookie',
  'id',
  'req',
  ...Object.getOwnPropertyNames(Session.prototype),
  ...Object.getOwnPropertyNames(Object.prototype),
]);

/** The behaviour of express-session. */
export const EXPRESS_PROFILE: HttpProfile = {
  memberNames: MEMBER_NAMES,
  strict: false,
  sendsCookieChanges: false,
  savesUnchanged: true,
  savesRegenerated: true,
  cookie: (defaults, stored) => (stored === undefined ? new Cookie(defaults) : Cookie.stored(stored)),
  isEnumerable: true,
  endsOnce: true,
  expiresCookies: false,
  lifeAttributes: ({ expires }) => ({ expires }),
  needsSecure: ({ secure }) => secure === true,
  errorFor,
};
