import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, type MessageEvent, Sse, UseGuards } from '@nestjs/common';
import { text } from 'node:stream/consumers';
import { Subject } from 'rxjs';
import { Session, SessionGuard } from '../../../lib/index.js';
import { ADAPTER_NAMES } from '../../support/adapters.js';
import type { Client } from '../../support/client.js';
import { type AnySession, type AnySite, IN_COOKIES, siteOn } from '../../support/site.js';

/** The stream under way, which a test feeds, and its session. */
let events: Subject<MessageEvent>;
let session: AnySession;

@Controller()
class EventsController {
  @Sse('events')
  events(@Session() own: AnySession): Subject<MessageEvent> {
    own.begun = true;
    session = own;
    return events;
  }

  @UseGuards(SessionGuard)
  @Sse('guarded')
  guarded(@Session() own: AnySession): Subject<MessageEvent> {
    session = own;
    return events;
  }
}

describe.each(ADAPTER_NAMES)('server-sent events and a session in its cookie, on %s', (adapter) => {
  let site: AnySite;
  let warnings: string[];

  async function open(): Promise<void> {
    warnings = [];
    events = new Subject();
    const quiet = (): void => undefined;
    const warn = (message: string): void => void warnings.push(message);
    const logger = { log: quiet, error: quiet, debug: quiet, warn };
    const backend = await IN_COOKIES.cookie();
    site = await siteOn(adapter)(backend, {}, (app) => app.useLogger(logger), [EventsController]);
  }
  afterEach(() => site.close());

  /** A stream whose head has come. */
  const begun = async (path: string, { cookieHeader }: Client): Promise<Response> => {
    const responding = fetch(site.base + path, { headers: { cookie: cookieHeader } });
    // The handler runs first; the head leaves with the first event.
    while (!events.observed) await new Promise(setImmediate);
    events.next({ data: 'first' });
    return responding;
  };

  const finished = async (response: Response): Promise<string> => {
    events.complete();
    return text(response.body!);
  };

  it('what changes before the first byte goes out in the cookie', async () => {
    await open();
    const response = await begun('/events', site.client());
    const browser = site.client();
    const [line] = response.headers.getSetCookie();
    browser.cookies.set('sid', line!.split(';')[0]!.slice('sid='.length));
    expect(await finished(response)).toContain('first');
    expect((await browser.get('/run/read')).body).toEqual({ begun: true });
    expect(warnings).toEqual([]);
  });

  it('what changes later is an error of save() and update(), else a warning, and the stream is whole', async () => {
    await open();
    const browser = site.client();
    await browser.post('/run/set', { count: 1 });
    const response = await begun('/guarded', browser);
    expect(response.headers.getSetCookie()).toEqual([]);
    const refused = { code: 'SESSION_USAGE', message: expect.stringContaining('before the first byte') };
    await expect(session.update((s) => void (s.count = 2))).rejects.toMatchObject(refused);
    expect({ ...session }).toEqual({ count: 1 });
    await expect(session.logout()).rejects.toMatchObject(refused);
    session.count = 3;
    await expect(session.save()).rejects.toMatchObject(refused);
    session.count = 4;
    events.next({ data: 'last' });
    expect(await finished(response)).toContain('last');
    expect(warnings).toEqual([expect.stringMatching(/stored only in its cookie/)]);
    expect((await browser.get('/run/read')).body).toEqual({ count: 1 });
  });

  it('a guard looks at it before the stream begins', async () => {
    await open();
    const { status, text: body } = await site.client().get('/guarded');
    expect([status, body]).toEqual([401, expect.stringContaining('SESSION_REQUIRED')]);
  });
});
