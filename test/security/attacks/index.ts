import type { Attacks } from '../support/scene.js';
import { accounts } from './accounts.js';
import { configuration } from './configuration.js';
import { cookies } from './cookies.js';
import { crossSite } from './cross-site.js';
import { deviceBound } from './device-bound.js';
import { floods } from './floods.js';
import { forged } from './forged.js';
import { headers } from './headers.js';
import { ids } from './ids.js';
import { leaks } from './leaks.js';
import { lifetimes } from './lifetimes.js';
import { stolen } from './stolen.js';

/** All attacks, by the file that they are in. */
export const ATTACKS: Readonly<Record<string, Attacks>> = {
  'accounts.ts': accounts,
  'configuration.ts': configuration,
  'cookies.ts': cookies,
  'cross-site.ts': crossSite,
  'device-bound.ts': deviceBound,
  'floods.ts': floods,
  'forged.ts': forged,
  'headers.ts': headers,
  'ids.ts': ids,
  'leaks.ts': leaks,
  'lifetimes.ts': lifetimes,
  'stolen.ts': stolen,
};
