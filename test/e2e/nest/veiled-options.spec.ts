import { afterEach, describe, expect, it } from '@jest/globals';
import { Inject, Injectable, type DynamicModule } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { inspect } from 'node:util';
import {
  MemorySessionStore,
  SESSION_OPTIONS,
  SessionModule,
  type SessionModuleOptions,
  type SessionOptionsFactory,
} from '../../../lib/index.js';
import { RESOLVED_OPTIONS, SESSION_RUNTIME } from '../../../lib/session.constants.js';

const SECRETS = [
  'the first secret of more than thirty-two bytes',
  'the second secret of more than thirty-two bytes',
];
const KEYS = ['ab'.repeat(32), Buffer.alloc(32, 'a key of 32 bytes')];
const PASSWORD = 'hunter2';

/** A store that shows the password of its connection to everybody. */
class TalkativeStore extends MemorySessionStore {
  readonly client = { password: PASSWORD };
}

const OPTIONS = Object.freeze({
  secret: SECRETS,
  store: new TalkativeStore(),
  encryption: Object.freeze({ keys: KEYS, acceptPlain: true }),
  idleTimeout: '30m',
}) satisfies SessionModuleOptions;

@Injectable()
class OptionsMaker implements SessionOptionsFactory {
  createSessionOptions = (): SessionModuleOptions => OPTIONS;
}

@Injectable()
class Needy {
  constructor(@Inject(SESSION_OPTIONS) readonly options: SessionModuleOptions) {}
}

const MODULES: Record<string, () => DynamicModule> = {
  forRoot: () => SessionModule.forRoot(OPTIONS),
  'forRootAsync with a factory': () =>
    SessionModule.forRootAsync({ useFactory: () => Promise.resolve(OPTIONS) }),
  'forRootAsync with a class': () => SessionModule.forRootAsync({ useClass: OptionsMaker }),
};

let module: TestingModule;

/** How an object is shown, in all ways that a logger may choose. */
function shown(value: unknown): string {
  return [
    inspect(value, { depth: 20, showHidden: true, maxArrayLength: null }),
    inspect({ value }),
    inspect(value, { depth: 20, customInspect: false }),
    JSON.stringify([value], (key, inner: unknown) =>
      key === 'store' || key === 'engine' ? undefined : inner,
    ),
  ].join('\n');
}

/** DESIGN 5.11: no exported options object shows a secret. */
describe.each(Object.entries(MODULES))('the options of %s', (_, make) => {
  afterEach(() => module.close());

  async function injected(): Promise<SessionModuleOptions> {
    module = await Test.createTestingModule({ imports: [make()], providers: [Needy] }).compile();
    return module.get(Needy).options;
  }

  it('can be used as they were given', async () => {
    const options = await injected();
    expect(options.secret).toBe(SECRETS);
    expect(options.encryption?.keys).toBe(KEYS);
    expect(options.store).toBe(OPTIONS.store);
    expect({ ...options }).toMatchObject({ secret: SECRETS, idleTimeout: '30m' });
    expect(Object.keys(options).sort()).toEqual(Object.keys(OPTIONS).sort());
  });

  it('show neither secrets nor keys, nor what a store holds', async () => {
    const options = await injected();
    const said = shown(options) + shown(module.get(RESOLVED_OPTIONS)) + JSON.stringify(options);
    const bytes = KEYS.map((key) => Buffer.from(key as string, typeof key === 'string' ? 'hex' : undefined));
    const secrets = [
      ...SECRETS,
      PASSWORD,
      ...bytes.flatMap((key) => [key.toString('hex'), [...key].join(',')]),
    ];
    const inspected = bytes.map((key) => inspect(key).slice(8, 60));
    for (const secret of [...secrets, ...inspected]) expect(said).not.toContain(secret);
    expect(inspect(options)).toBe(
      inspect({
        secret: '[secret]',
        store: '[a TalkativeStore]',
        encryption: { keys: '[secret]', acceptPlain: true },
        idleTimeout: '30m',
      }),
    );
    expect(JSON.parse(JSON.stringify(options))).toEqual({
      secret: '[secret]',
      store: '[a TalkativeStore]',
      encryption: { keys: '[secret]', acceptPlain: true },
      idleTimeout: '30m',
    });
    for (const secret of SECRETS)
      expect(inspect(module.get(SESSION_RUNTIME), { depth: 20 })).not.toContain(secret);
  });
});
