import { afterAll, beforeAll, describe, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { PATIENCE, runs } from '../support/property.js';
import { type Backend, openSite, type Site } from '../support/site.js';
import { PLACES } from '../support/variants.js';
import { commands } from './support/commands.js';
import { type Clock, Course } from './support/course.js';
import { Driver } from './support/driver.js';
import { ABSOLUTE, IDLE, TOUCH } from './support/model.js';

/**
 * DESIGN 5.2 to 5.7: whatever happens, in whatever order and at the same time, on two instances, sessions are what a
 * model says that is a page long and knows nothing of stores, versions or batches.
 */
describe.each(PLACES)('sessions are as in the model ($place)', ({ open, options, share }) => {
  let backend: Backend;
  let sites: Site[];
  let driver: Driver;
  const clock: Clock = { now: Date.now() };

  beforeAll(async () => {
    jest.spyOn(Date, 'now').mockImplementation(() => clock.now);
    backend = await open();
    const rules = { idleTimeout: IDLE, absoluteTimeout: ABSOLUTE, touchInterval: TOUCH };
    sites = [
      await openSite(backend, { ...options, ...rules }),
      await openSite(backend, { ...options, ...rules }),
    ];
    driver = new Driver(sites);
  });
  afterAll(async () => {
    for (const site of sites) await site.close();
    await backend.close();
    jest.restoreAllMocks();
  });

  it(
    'in every course of events',
    async () => {
      await fc.assert(
        fc.asyncProperty(commands, async (course) => {
          await sites[0]!.sessions.revokeEverything();
          await new Course(driver, sites, clock).run(course);
        }),
        runs(250 * share),
      );
    },
    PATIENCE,
  );
});
