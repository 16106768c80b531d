import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Backend, BACKENDS, KINDS, openSite, type Site } from '../../support/site.js';

/** On Express alone: no request takes part. */
describe.each(KINDS)('a user id that is none, asked of SessionService (%s)', (kind) => {
  let backend: Backend;
  let site: Site;

  beforeEach(async () => {
    backend = await BACKENDS[kind]();
    site = await openSite(backend);
  });
  afterEach(async () => {
    await site.close();
    await backend.close();
  });

  it.each([undefined, null, '', {}, 'half a pair \ud800'])(
    '%p stands for nobody, and not for everybody',
    async (none) => {
      const userId = none as string;
      const client = site.client();
      await client.post('/run/login', { userId: 'ada' });
      const handle = (await client.get('/run/facts')).body.handle as string;
      const refusal = {
        code: 'SESSION_DATA_INVALID',
        message: expect.stringContaining('userId') as unknown,
      };
      const { sessions } = site;
      await expect(sessions.list(userId)).rejects.toMatchObject(refusal);
      await expect(sessions.revokeAll(userId)).rejects.toMatchObject(refusal);
      await expect(sessions.revoke(handle, { userId })).rejects.toMatchObject(refusal);
      await expect(sessions.count({ userId })).rejects.toMatchObject(refusal);
      expect((await client.get('/run/read')).body).toEqual({ userId: 'ada' });
    },
  );
});
