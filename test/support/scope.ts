/**
 * How much is tried. Usually each behaviour is tried where it is decided: behaviours of requests on two stores, properties with
 * a few runs, the drop-in by itself.
 *
 * - `TEST_SCOPE=unit` (`npm run test:unit`) has no server and no build, and a spec that asks for one fails.
 * - `TEST_SCOPE=express-parity` (`npm run test:express-parity`) tries what express-session does as well on both.
 * - `TEST_SCOPE=gate` (`.ci/run`) tries what is usual, the built package, the samples, the browser, and processes of their own.
 * - `TEST_SCOPE=all` (`npm run test:all`, and CI every night) tries all of this, every behaviour on every store, and properties with
 *   all their runs.
 */
const scope = process.env.TEST_SCOPE ?? '';

if (!['', 'unit', 'express-parity', 'gate', 'all'].includes(scope))
  throw new Error(
    `TEST_SCOPE is "${scope}": set "unit", "express-parity", "gate" or "all", or leave it out.`,
  );

export const HAS_SERVERS = scope !== 'unit';

export const TRIES_ALL = scope === 'all';

export const TRIES_PARITY = ['all', 'express-parity'].includes(scope);
