import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Controller,
  DefaultValuePipe,
  Get,
  type INestApplication,
  Injectable,
  ParseIntPipe,
  type PipeTransform,
  Post,
  Session as NestSession,
  UseGuards,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  AllowAnonymous,
  Flash,
  RequireLogin,
  RequireSession,
  Session,
  SessionGuard,
  SessionId,
  SessionModule,
  SessionService,
} from '../../../lib/index.js';
import { ADAPTER_NAMES, ADAPTERS } from '../../support/adapters.js';
import { Client, listen } from '../../support/client.js';
import { type AnySession, SECRET } from '../../support/site.js';

@Injectable()
class ShoutPipe implements PipeTransform {
  transform(value: unknown): string {
    return `${String(value)}!`;
  }
}

@Controller()
class ParameterController {
  @Post('put') put(@Session() session: AnySession) {
    Object.assign(session, { name: 'ann', age: '42', list: [1] });
    session.flash('notice', 'saved');
  }
  @Post('add') add(@Session('list' as 'name') list: number[]) {
    list.push(2);
  }
  @Get('whole') whole(@Session() session: AnySession) {
    return { ...session };
  }
  @Get('key') key(
    @Session('name') name: string,
    @Session('missing') missing = 'default',
    @Session('toString' as 'name') inherited?: unknown,
  ) {
    return { name, missing, inherited: inherited ?? null };
  }
  @Get('piped') piped(
    @Session('age', ParseIntPipe) age: number,
    @Session('name', ShoutPipe) name: string,
    @Session('missing', new DefaultValuePipe(7)) missing: number,
  ) {
    return { age, name, missing };
  }
  @Get('whole-piped') wholePiped(
    @Session({ transform: (session: AnySession) => Object.keys(session) } as PipeTransform) keys: string[],
  ) {
    return keys;
  }
  @Get('id') id(@SessionId() id: string, @Session() session: Session) {
    return { same: id === session.id };
  }
  @Get('flash') flash(@Flash('notice') notices: string[]) {
    return notices;
  }
  @Get('nest') nest(@NestSession() session: AnySession) {
    return { ...session };
  }
}

@UseGuards(SessionGuard)
@Controller('guarded')
class GuardedController {
  @Get('any') any() {
    return 'in';
  }
  @RequireSession('userId') @Get('key') key() {
    return 'in';
  }
  @RequireSession((session) => (session as AnySession).role === 'admin') @Get('predicate') predicate() {
    return 'in';
  }
  @RequireSession('userId', (session) => Promise.resolve((session as AnySession).role === 'admin'))
  @Get('both')
  both() {
    return 'in';
  }
  @RequireSession((_, context) => context.getHandler().name === 'context') @Get('context') context() {
    return 'in';
  }
  @AllowAnonymous() @Get('open') open() {
    return 'in';
  }
}

@Controller('entry')
@AllowAnonymous()
class EntryController {
  @Post('visit') visit(@Session() session: AnySession) {
    session.visited = true;
  }
  @Post('user') user(@Session() session: AnySession) {
    session.userId = 'ann';
  }
  @Post('admin') admin(@Session() session: AnySession) {
    session.role = 'admin';
  }
  @Post('count') count(@Session() session: AnySession) {
    session.count = 0;
  }
  @Post('uncount') uncount(@Session() session: AnySession) {
    session.count = null;
  }
  @RequireSession('userId') @Get('closed-again') closed() {
    return 'in';
  }
  @RequireSession('count') @Get('counted') counted() {
    return 'in';
  }
  @RequireLogin() @Get('members') members() {
    return 'in';
  }
}

@RequireSession('userId')
@Controller('class')
class ClassController {
  @Get('plain') plain() {
    return 'in';
  }
  @RequireSession((session) => (session as AnySession).role === 'admin') @Get('more') more() {
    return 'in';
  }
}

const SURFACES = ADAPTER_NAMES.flatMap((adapter) =>
  (['eager', 'lazy'] as const).map((load) => ({ adapter, load })),
);

describe.each(SURFACES)('the Nest surface, load: $load ($adapter)', ({ load, adapter }) => {
  let app: INestApplication;
  let base: string;
  let guarded: INestApplication;
  let guardedBase: string;

  beforeAll(async () => {
    app = await ADAPTERS[adapter](
      await Test.createTestingModule({
        imports: [SessionModule.forRoot({ secret: SECRET, load })],
        controllers: [ParameterController, GuardedController, EntryController],
      }).compile(),
    );
    app.useLogger(false);
    base = await listen(app);
    guarded = await ADAPTERS[adapter](
      await Test.createTestingModule({
        imports: [SessionModule.forRoot({ secret: SECRET, load })],
        controllers: [EntryController, ClassController, GuardedController],
        providers: [{ provide: APP_GUARD, useExisting: SessionGuard }],
      }).compile(),
    );
    guarded.useLogger(false);
    guardedBase = await listen(guarded);
  });
  afterAll(async () => {
    await app.close();
    await guarded.close();
  });

  it('@Session() gives the session, @Session(key) one key of its data, with defaults and pipes', async () => {
    const client = new Client(base);
    await client.post('/put');
    expect((await client.get('/whole')).body).toEqual({ name: 'ann', age: '42', list: [1] });
    expect((await client.get('/key')).body).toEqual({ name: 'ann', missing: 'default', inherited: null });
    expect((await client.get('/piped')).body).toEqual({ age: 42, name: 'ann!', missing: 7 });
    expect((await client.get('/whole-piped')).body).toEqual(['name', 'age', 'list']);
    expect((await new Client(base).get('/piped')).status).toBe(400);
  });

  it('@Session(key) of an object: what the handler changes in it is stored', async () => {
    const client = new Client(base);
    await client.post('/put');
    await client.post('/add');
    expect((await client.get('/whole')).body).toMatchObject({ list: [1, 2] });
  });

  it('@SessionId() gives the id, @Flash(key) what was left, once', async () => {
    const client = new Client(base);
    await client.post('/put');
    expect((await client.get('/id')).body).toEqual({ same: true });
    expect((await client.get('/flash')).body).toEqual(['saved']);
    expect((await client.get('/flash')).body).toEqual([]);
  });

  it('Nest’s own @Session() gives the session where it is loaded, and in lazy mode an error that says what to do', async () => {
    const client = new Client(base);
    await client.post('/put');
    const { status, body } = await client.get('/nest');
    if (load === 'eager') expect(body).toEqual({ name: 'ann', age: '42', list: [1] });
    else expect(status).toBe(500);
  });

  it('SessionGuard: 401 for a visitor, 403 where the session does not qualify, with codes', async () => {
    const visitor = new Client(base);
    for (const path of ['any', 'key', 'predicate', 'both']) {
      expect(await visitor.get(`/guarded/${path}`)).toMatchObject({
        status: 401,
        body: { statusCode: 401, code: 'SESSION_REQUIRED', message: 'A session is required.' },
      });
    }
    expect((await visitor.get('/guarded/open')).text).toBe('in');
    await visitor.post('/entry/visit');
    expect((await visitor.get('/guarded/any')).text).toBe('in');
    expect((await visitor.get('/guarded/context')).text).toBe('in');
    expect(await visitor.get('/guarded/key')).toMatchObject({
      status: 403,
      body: { statusCode: 403, code: 'SESSION_FORBIDDEN' },
    });
    await visitor.post('/entry/user');
    expect((await visitor.get('/guarded/key')).text).toBe('in');
    for (const path of ['predicate', 'both'])
      expect((await visitor.get(`/guarded/${path}`)).status).toBe(403);
    await visitor.post('/entry/admin');
    for (const path of ['predicate', 'both']) expect((await visitor.get(`/guarded/${path}`)).text).toBe('in');
  });

  it('as APP_GUARD it guards everything but what is @AllowAnonymous(); a method’s @RequireSession() closes it again', async () => {
    const client = new Client(guardedBase);
    expect((await client.get('/class/plain')).status).toBe(401);
    expect((await client.get('/entry/closed-again')).status).toBe(401);
    await client.post('/entry/visit');
    expect((await client.get('/entry/closed-again')).status).toBe(403);
    expect((await client.get('/class/plain')).status).toBe(403);
    await client.post('/entry/user');
    expect((await client.get('/entry/closed-again')).text).toBe('in');
    expect((await client.get('/class/plain')).text).toBe('in');
    expect((await client.get('/class/more')).status).toBe(403);
    await client.post('/entry/admin');
    expect((await client.get('/class/more')).text).toBe('in');
  });

  it('as APP_GUARD it asks for a login where the method does, though its class is @AllowAnonymous()', async () => {
    const client = new Client(guardedBase);
    expect((await client.get('/entry/members')).body).toMatchObject({ code: 'LOGIN_REQUIRED' });
    await client.post('/entry/visit');
    expect((await client.get('/entry/members')).body).toMatchObject({ code: 'LOGIN_REQUIRED' });
    await client.post('/entry/user');
    expect((await client.get('/entry/members')).text).toBe('in');
  });

  it('@RequireSession(key) takes 0 for a value, and null for none', async () => {
    const client = new Client(guardedBase);
    await client.post('/entry/count');
    expect((await client.get('/entry/counted')).text).toBe('in');
    await client.post('/entry/uncount');
    expect((await client.get('/entry/counted')).status).toBe(403);
  });

  it('SessionService finds, lists and ends sessions', async () => {
    const service = app.get(SessionService);
    const [one, two] = [new Client(base), new Client(base)];
    await one.post('/entry/user');
    await two.post('/entry/user');
    const list = await service.list('ann', { current: (await service.list('ann'))[0]!.handle });
    expect(list.length).toBeGreaterThanOrEqual(2);
    expect(list.map(({ current }) => current)).toEqual([true, ...list.slice(1).map(() => false)]);
    expect(list[0]).toMatchObject({
      userId: 'ann',
      ip: '127.0.0.1',
      userAgent: 'node',
      authenticatedAt: undefined,
    });
    expect(await service.get(list[0]!.handle)).toMatchObject({ handle: list[0]!.handle });
    expect(await service.get('nobody')).toBeUndefined();
    expect(await service.revoke(list[0]!.handle)).toBe(true);
    expect(await service.revoke(list[0]!.handle)).toBe(false);
    expect(await service.count({ userId: 'ann' })).toBe(list.length - 1);
    expect(await service.revokeAll('ann', { except: list[1]!.handle })).toBe(list.length - 2);
    expect(await service.revokeEverything()).toBeGreaterThanOrEqual(1);
    expect(await service.count()).toBe(0);
    expect((await one.get('/whole')).body).toEqual({});
  });
});
