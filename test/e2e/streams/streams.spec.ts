import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  Inject,
  type INestApplication,
  type MessageEvent,
  Post,
  Sse,
  StreamableFile,
  UseGuards,
} from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { PassThrough } from 'node:stream';
import { Subject } from 'rxjs';
import {
  MemorySessionStore,
  Session,
  SessionGuard,
  SessionModule,
  SessionService,
} from '../../../lib/index.js';
import { ADAPTERS, LOADINGS } from '../../support/adapters.js';
import { Client, listen } from '../../support/client.js';
import { type AnySession, SECRET } from '../../support/site.js';
import { spyOnStore, type StoreSpy } from '../../support/spy-store.js';

/** The streams under way, which a test feeds. */
class Feed {
  events = new Subject<MessageEvent>();
  bytes = new PassThrough();
  session!: AnySession;

  reset(): void {
    this.events = new Subject();
    this.bytes = new PassThrough();
  }
}

@Controller()
class StreamController {
  constructor(@Inject(Feed) private readonly feed: Feed) {}

  @Post('login')
  async login(@Session() session: AnySession): Promise<void> {
    await session.login('42');
  }

  @Post('logout')
  async logout(@Session() session: AnySession): Promise<void> {
    await session.logout();
  }

  @Get('read')
  read(@Session() session: AnySession): object {
    return { ...session };
  }

  @Sse('events')
  events(@Session() session: AnySession): Subject<MessageEvent> {
    session.begun = true;
    this.feed.session = session;
    return this.feed.events;
  }

  @UseGuards(SessionGuard)
  @Sse('guarded')
  guarded(): Subject<MessageEvent> {
    return this.feed.events;
  }

  @Get('file')
  file(@Session() session: AnySession): StreamableFile {
    session.begun = true;
    this.feed.session = session;
    return new StreamableFile(this.feed.bytes);
  }
}

/** A response as it comes in. */
class Incoming {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #text = '';

  constructor(readonly response: Response) {
    this.#reader = response.body!.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  }

  /** Waits until a text has come. */
  async until(text: string): Promise<void> {
    while (!this.#text.includes(text)) {
      const { done, value } = await this.#reader.read();
      if (done) throw new Error(`The response ended before ${JSON.stringify(text)}: ${this.#text}`);
      this.#text += Buffer.from(value).toString();
    }
  }

  /** All that has come when it ends. @throws TypeError when it is cut off. */
  async end(): Promise<string> {
    for (;;) {
      const { done, value } = await this.#reader.read();
      if (done) return this.#text;
      this.#text += Buffer.from(value).toString();
    }
  }

  cancel(): Promise<void> {
    return this.#reader.cancel();
  }
}

describe.each(LOADINGS)('on $adapter, $load', ({ adapter, load }) => {
  let app: INestApplication;
  let base: string;
  let browser: Client;
  let spy: StoreSpy;
  let feed: Feed;

  beforeAll(async () => {
    spy = spyOnStore(new MemorySessionStore());
    const module = await Test.createTestingModule({
      imports: [SessionModule.forRoot({ secret: SECRET, store: spy.store, load })],
      controllers: [StreamController],
      providers: [Feed],
    }).compile();
    app = await ADAPTERS[adapter](module);
    app.useLogger(false);
    base = await listen(app);
    feed = app.get(Feed);
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    feed.reset();
    spy.failure = undefined;
    await app.get(SessionService).revokeEverything();
    browser = new Client(base);
    await browser.post('/login');
  });

  async function open(path: string, cookie = browser.cookieHeader): Promise<Incoming> {
    return new Incoming(await fetch(base + path, { headers: { cookie } }));
  }

  const stored = async (): Promise<unknown> => (await browser.get('/read')).body;

  describe.each([
    {
      kind: '@Sse()',
      path: '/events',
      send: (text: string) => feed.events.next({ data: text }),
      finish: () => feed.events.complete(),
    },
    {
      kind: 'StreamableFile',
      path: '/file',
      send: (text: string) => void feed.bytes.write(text),
      finish: () => void feed.bytes.end(),
    },
  ])('$kind', ({ path, send, finish }) => {
    /** A stream whose first piece has come. */
    async function begun(cookie?: string): Promise<Incoming> {
      feed.bytes.write('first');
      const incoming = await open(path, cookie);
      if (path === '/events') feed.events.next({ data: 'first' });
      await incoming.until('first');
      return incoming;
    }

    it('the session is stored before the first byte, and a new one has its cookie', async () => {
      const incoming = await begun('');
      const [cookie] = incoming.response.headers.getSetCookie();
      const other = new Client(base);
      other.cookies.set('sid', cookie!.split(';')[0]!.slice('sid='.length));
      expect((await other.get('/read')).body).toEqual({ begun: true });
      finish();
      await incoming.end();
    });

    it('a session that ends meanwhile does not break the stream', async () => {
      const incoming = await begun();
      await browser.post('/logout');
      feed.session.late = true;
      send('second');
      await incoming.until('second');
      finish();
      expect(await incoming.end()).toContain('second');
      expect(await app.get(SessionService).count({ userId: '42' })).toBe(0);
    });

    it('what changes meanwhile is stored by save() at once, else before the end', async () => {
      const incoming = await begun();
      feed.session.saved = 1;
      await feed.session.save();
      expect(await stored()).toEqual({ userId: '42', begun: true, saved: 1 });
      feed.session.late = 2;
      finish();
      await incoming.end();
      expect(await stored()).toEqual({ userId: '42', begun: true, saved: 1, late: 2 });
    });

    it('the client goes away: what was saved is there, and nothing breaks', async () => {
      const incoming = await begun();
      await feed.session.update((session) => (session.kept = true));
      await incoming.cancel();
      expect(await stored()).toMatchObject({ kept: true });
    });

    it('a store that fails before the first byte: 503, and no stream', async () => {
      spy.failure = { error: new Error('away'), methods: ['update'] };
      feed.bytes.write('first');
      const incoming = await open(path);
      expect([incoming.response.status, incoming.response.headers.get('retry-after')]).toEqual([503, '1']);
      expect(await incoming.end()).not.toContain('first');
    });

    it('a store that fails at the end: the response is cut off', async () => {
      const incoming = await begun();
      feed.session.late = true;
      spy.failure = { error: new Error('away'), methods: ['update'] };
      finish();
      await expect(incoming.end()).rejects.toThrow();
    });

    it('a new id cannot be sent any more, which is an error', async () => {
      const incoming = await begun();
      await expect(feed.session.rotate()).rejects.toMatchObject({ code: 'SESSION_USAGE' });
      finish();
      await incoming.end();
      expect(await stored()).toMatchObject({ userId: '42' });
    });
  });

  it('@Sse() behind a guard: refused before the stream begins', async () => {
    const refused = await open('/guarded', '');
    expect(refused.response.status).toBe(401);
    expect(await refused.end()).toContain('SESSION_REQUIRED');
    const incoming = await open('/guarded');
    feed.events.next({ data: 'first' });
    await incoming.until('first');
    await incoming.cancel();
  });
});
