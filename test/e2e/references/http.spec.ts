import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { SessionModuleOptions } from '../../../lib/index.js';
import { fakeClock, signIn } from '../../../lib/testing/index.js';
import type { Client } from '../../support/client.js';
import { type AnySite, BACKENDS, type Backend, FRAMEWORKS, IN_COOKIES, STAGES } from '../../support/site.js';
import { WRAPPED } from '../../support/wrapped.js';

const REFERENCE = 'the session of the provider: 1';

/** Has sessions signed in with references, and changed in every way. */
function addHandlers(site: AnySite): void {
  site.handle('login', ({ session, body: { userId, reference } }) =>
    session.login(userId as string, { reference: reference as string }),
  );
  site.handle('keepNothing', ({ session }) => session.login('ada', { keep: [] }));
  site.handle('stepUp', ({ session }) => session.stepUp(2));
  site.handle('act', ({ session }) => session.actAs('42'));
  site.handle('stop', ({ session }) => session.stopActing());
  site.handle('regenerate', async ({ session, req }) => {
    await session.regenerate();
    req.session.userId = 'ada';
  });
  site.handle('assign', ({ session }) => void (session.userId = 'eve'));
}

describe.each(STAGES)('references ($stage)', ({ kind, openSite }) => {
  let backend: Backend;
  let site: AnySite;

  async function open(options: Partial<SessionModuleOptions> = {}): Promise<AnySite> {
    const opened = await openSite(backend, options);
    addHandlers(opened);
    return opened;
  }

  beforeAll(async () => {
    backend = await BACKENDS[kind]();
  }, 120_000); // a database takes its time on a busy machine
  beforeEach(async () => {
    site = await open();
  });
  afterEach(async () => {
    await site.sessions.revokeEverything();
    await site.close();
  });
  afterAll(() => backend.close());

  async function member(userId: string, reference?: unknown, at = site): Promise<Client> {
    const client = at.client();
    expect((await client.post('/run/login', { userId, reference })).status).toBeLessThan(300);
    return client;
  }
  const userOf = async (client: Client): Promise<unknown> => (await client.get('/run/read')).body.userId;
  const revoke = (reference = REFERENCE, at = site): Promise<number> =>
    at.sessions.revokeByReference(reference);

  it('end every session that has them, on any instance, and no other', async () => {
    const second = await open();
    const own = [await member('ada', REFERENCE), await member('bob', REFERENCE, second)];
    const others = [await member('ada', `${REFERENCE} `), await member('ada')];
    expect(await revoke(REFERENCE, second)).toBe(2);
    expect(await Promise.all(own.map(userOf))).toEqual([undefined, undefined]);
    expect(await Promise.all(others.map(userOf))).toEqual(['ada', 'ada']);
    expect(await revoke()).toBe(0);
    await second.close();
  });

  it('end only the sessions of a user, where one is named', async () => {
    const [ada, bob] = [await member('ada', REFERENCE), await member('42', REFERENCE)];
    expect(await site.sessions.revokeByReference(REFERENCE, { userId: 42 })).toBe(1);
    expect(await Promise.all([ada, bob].map(userOf))).toEqual(['ada', undefined]);
    await expect(
      site.sessions.revokeByReference(REFERENCE, { userId: undefined as never }),
    ).rejects.toMatchObject({
      code: 'SESSION_DATA_INVALID',
    });
  });

  it.each([
    ['rotate', 'ada'],
    ['stepUp', 'ada'],
    ['act', '42'],
    ['set', 'ada'],
  ])('stay with the session after %s', async (way, userId) => {
    const client = await member('ada', REFERENCE);
    await client.post(`/run/${way}`, {});
    expect(await userOf(client)).toBe(userId);
    if (way === 'act') await client.post('/run/stop');
    expect(await revoke()).toBe(1);
    expect(await userOf(client)).toBeUndefined();
  });

  it.each(['login', 'keepNothing', 'regenerate', 'assign'])('go with %s', async (way) => {
    const client = await member('ada', REFERENCE);
    await client.post(`/run/${way}`, { userId: 'ada' });
    expect(await revoke()).toBe(0);
    expect(await userOf(client)).toEqual(expect.any(String));
  });

  it('change with the next login', async () => {
    const client = await member('ada', REFERENCE);
    await client.post('/run/login', { userId: 'ada', reference: 'another' });
    expect([await revoke(), await revoke('another')]).toEqual([0, 1]);
    expect(await userOf(client)).toBeUndefined();
  });

  it('reach sessions that are renewed again and again meanwhile', async () => {
    const clients = await Promise.all(Array.from({ length: 4 }, () => member('ada', REFERENCE)));
    let isOver = false;
    const renewals = clients.map(async (client) => {
      while (!isOver) await client.post('/run/rotate');
    });
    const ended = await revoke();
    isOver = true;
    await Promise.all(renewals);
    expect(ended).toBe(4);
    expect(await Promise.all(clients.map(userOf))).toEqual(clients.map(() => undefined));
  });

  it('are bound by encryption', async () => {
    const sealed = await open({ encryption: { keys: ['5a'.repeat(32)] } });
    const client = await member('ada', REFERENCE, sealed);
    expect(await userOf(client)).toBe('ada');
    expect(await revoke(REFERENCE, sealed)).toBe(1);
    await sealed.close();
  });

  it('are shown nowhere, and events tell whom the sessions were of', async () => {
    const client = await member('staff', REFERENCE);
    await client.post('/run/act');
    const listed = await site.sessions.list('staff');
    site.events.splice(0);
    await revoke();
    expect(site.events).toMatchObject([
      { type: 'destroyed', reason: 'revoked', handle: listed[0]!.handle, userId: '42', actor: 'staff' },
    ]);
    const { req } = await new Promise<{ req: object }>((resolve) => {
      site.handle('look', (visit) => resolve({ req: { ...visit.session } }));
      void member('staff', REFERENCE).then((one) => one.post('/run/look'));
    });
    expect(JSON.stringify([listed, site.events, req])).not.toContain('provider');
  });

  it('are given by signIn() of the testing kit', async () => {
    await signIn(site.app, { userId: '42' }, { reference: REFERENCE });
    expect(await revoke()).toBe(1);
  });

  it.each(['', 'x'.repeat(256), 'a\0b', '\ud800', 42, {}, null, ['sid']])(
    'are refused where they are %j',
    async (odd) => {
      const client = site.client();
      expect((await client.post('/run/login', { userId: 'ada', reference: odd })).status).toBe(500);
      expect(await userOf(client)).toBeUndefined();
      await expect(revoke(odd as string)).rejects.toMatchObject({ code: 'SESSION_DATA_INVALID' });
    },
  );

  it('may have 255 characters', async () => {
    const long = '👍'.repeat(255);
    await member('ada', long);
    expect(await revoke(long)).toBe(1);
  });

  it('let no error hold them', async () => {
    const error: unknown = await revoke('x'.repeat(256)).catch((caught: unknown) => caught);
    expect(String(error)).toContain('a string of 1 to 255 characters');
    expect(String(error)).not.toContain('xxx');
  });

  it('end with the session, whose clock is its own', async () => {
    const clock = fakeClock(site.app);
    const client = await member('ada', REFERENCE);
    clock.advance('2d');
    expect(await userOf(client)).toBeUndefined();
    clock.reset();
  });
});

const UNABLE = { ...IN_COOKIES, ...WRAPPED };

describe.each(
  FRAMEWORKS.flatMap((framework) =>
    (Object.keys(UNABLE) as (keyof typeof UNABLE)[]).map((kind) => ({
      ...framework,
      kind,
      stage: `${kind}, ${framework.adapter}`,
    })),
  ),
)('references where the store cannot find them ($stage)', ({ kind, openSite }) => {
  it('are an error, with what to do', async () => {
    const backend = await UNABLE[kind]();
    const site = await openSite(backend);
    addHandlers(site);
    const errors: unknown[] = [];
    site.handle('try', ({ session }) =>
      session.login('ada', { reference: REFERENCE }).catch((e: unknown) => void errors.push(e)),
    );
    const client = site.client();
    await client.post('/run/try');
    expect(errors).toEqual([expect.objectContaining({ code: 'SESSION_STORE_CAPABILITY', statusCode: 501 })]);
    expect(String(errors[0])).toMatch(/cannot find sessions by a reference.*use a store that can/);
    expect((await client.get('/run/read')).body).toEqual({});
    await expect(site.sessions.revokeByReference(REFERENCE)).rejects.toMatchObject({
      code: 'SESSION_STORE_CAPABILITY',
      message: expect.stringMatching(/cannot find sessions by a reference; use a store that can/),
    });
    await site.close();
    await backend.close();
  });
});
