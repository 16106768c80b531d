import { afterEach, describe, expect, it } from '@jest/globals';
import { configure } from '@codegenie/serverless-express';
import express, { type Express } from 'express';
import serverlessHttp from 'serverless-http';
import session from '../../../lib/express/index.js';
import { BACKENDS, SECRET, type Site, openSite } from '../../support/site.js';

/** What a function in a cloud answers. serverless-http leaves a single cookie among the headers. */
interface Answer {
  readonly statusCode: number;
  readonly body: string;
  readonly cookies: string[];
  readonly headers: Record<string, string>;
}

type Call = (path: string, cookies?: readonly string[]) => Promise<Answer>;

/** An event of an API Gateway for HTTP. */
const eventOf = (path: string, cookies: readonly string[]) => ({
  version: '2.0',
  rawPath: path,
  rawQueryString: '',
  headers: { host: 'shop.example' },
  cookies,
  body: '',
  isBase64Encoded: false,
  requestContext: { http: { method: 'GET', path, sourceIp: '192.0.2.1' } },
});

const HOSTS: Record<string, (app: Express) => Call> = {
  'serverless-http'(app) {
    const handle = serverlessHttp(app);
    return (path, cookies = []) => handle(eventOf(path, cookies), {}) as Promise<Answer>;
  },
  '@codegenie/serverless-express'(app) {
    // Its types are of a package that is not installed with it.
    const handle = configure({ app }) as unknown as (event: object, context: object) => Promise<Answer>;
    return (path, cookies = []) => handle(eventOf(path, cookies), {});
  },
};

/** The cookies that an answer sets, as the next event has them. */
function cookiesOf({ cookies, headers }: Answer): string[] {
  const lines = [...(cookies ?? []), ...(headers['set-cookie'] ? [headers['set-cookie']] : [])];
  return lines.map((line) => line.split(';')[0]!);
}

describe.each(Object.entries(HOSTS))('a function that %s makes of an application', (_, host) => {
  let site: Site | undefined;
  afterEach(() => site?.close());

  async function visitTwice(call: Call, path: string): Promise<void> {
    const first = await call(path);
    expect([first.statusCode, first.body, cookiesOf(first).length]).toEqual([200, '{"visits":1}', 1]);
    expect(await call(path, cookiesOf(first))).toMatchObject({ statusCode: 200, body: '{"visits":2}' });
  }

  it('answers with body and cookie where a handler changes a new session and answers in the same tick', async () => {
    const app = express();
    app.use(session({ secret: SECRET, resave: false, saveUninitialized: false }));
    app.get('/visit', (req, res) => {
      const data = req.session as { visits?: number };
      data.visits = (data.visits ?? 0) + 1;
      res.json({ visits: data.visits });
    });
    await visitTwice(host(app), '/visit');
  });

  it('answers so for a Nest application, too', async () => {
    site = await openSite(await BACKENDS.memory());
    const visit = ({ session }: { session: Record<string, unknown> }) => ({
      visits: (session.visits = Number(session.visits ?? 0) + 1),
    });
    site.handle('visit', visit);
    site.handle('send', ({ session, res }) => void res.json(visit({ session })));
    const call = host(site.app.getHttpAdapter().getInstance() as Express);
    await visitTwice(call, '/run/visit');
    await visitTwice(call, '/raw/send');
  });
});
