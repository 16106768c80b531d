import { afterAll, beforeAll, describe, it, jest } from '@jest/globals';
import fc from 'fast-check';
import type { SessionModuleOptions } from '../../lib/index.js';
import { PATIENCE, runs } from '../support/property.js';
import { type Backend, openSite, type Site } from '../support/site.js';
import { PLACES } from '../support/variants.js';
import { commands, INSTANCES } from './support/commands.js';
import { type Clock, Course } from './support/course.js';
import { Driver } from './support/driver.js';
import { ABSOLUTE, GRACE, IDLE, ROTATE, type Rules, TOUCH } from './support/world.js';

/** The rules of applications, and the options that say so. */
const APPLICATIONS: Record<string, { rules: Rules; options: Partial<SessionModuleOptions> }> = {
  'cookies of the browser session': {
    rules: { rolling: 'never', rotates: false, cap: undefined },
    options: {},
  },
  'persistent cookies, and new ids on schedule': {
    rules: { rolling: 'touch', rotates: true, cap: undefined },
    options: { cookie: { maxAge: IDLE }, rotateInterval: ROTATE, rotationGrace: GRACE },
  },
  'rolling cookies, new ids on schedule, and two sessions a user': {
    rules: { rolling: 'always', rotates: true, cap: 2 },
    options: { rolling: true, rotateInterval: ROTATE, rotationGrace: GRACE, maxSessionsPerUser: 2 },
  },
  'one session a user': {
    rules: { rolling: 'never', rotates: false, cap: 1 },
    options: { cookie: { maxAge: IDLE }, rolling: false, maxSessionsPerUser: 1 },
  },
};

/**
 * DESIGN 5.2 to 5.7 and 6: whatever happens, in whatever order and at the same time, on three instances, with several calls
 * in a request, awaited or not, and with answers that cross, sessions are what a model says that is short and knows
 * nothing of stores, batches or turns.
 */
describe.each(PLACES)('sessions are as in the model ($place)', ({ open, options, share }) => {
  let backend: Backend;
  const clock: Clock = { now: Date.now() };

  beforeAll(async () => {
    jest.spyOn(Date, 'now').mockImplementation(() => clock.now);
    backend = await open();
  });
  afterAll(async () => {
    await backend.close();
    jest.restoreAllMocks();
  });

  it.each(Object.entries(APPLICATIONS))(
    'in every course of events: %s',
    async (_, { rules, options: own }) => {
      const times = { idleTimeout: IDLE, absoluteTimeout: ABSOLUTE, touchInterval: TOUCH };
      const sites: Site[] = [];
      for (let instance = 0; instance < INSTANCES; instance++)
        sites.push(await openSite(backend, { ...options, ...times, ...own }));
      const driver = new Driver(sites);
      try {
        await fc.assert(
          fc.asyncProperty(commands, async (course) => {
            await sites[0]!.sessions.revokeEverything();
            await new Course(driver, sites, clock, rules).run(course);
          }),
          runs(50 * share),
        );
      } finally {
        for (const site of sites) await site.close();
      }
    },
    PATIENCE,
  );
});
