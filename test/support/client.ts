import type { INestApplication } from '@nestjs/common';
import type { AddressInfo, Server } from 'node:net';

/** One browser: sends the cookies it was given, follows nothing by itself. */
export class Client {
  readonly cookies = new Map<string, string>();
  readonly headers: Record<string, string> = {};

  constructor(
    readonly base: string,
    protected readonly fetching: typeof fetch = fetch,
  ) {}

  async request(method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await this.fetching(this.base + path, {
      method,
      redirect: 'manual',
      headers: {
        ...this.headers,
        ...(this.cookies.size > 0 && { cookie: this.cookieHeader }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const setCookies = response.headers.getSetCookie();
    for (const line of setCookies) this.#keep(line);
    const text = await response.text();
    return { status: response.status, headers: response.headers, setCookies, text, body: parsed(text) };
  }

  get(path: string): Promise<Answer> {
    return this.request('GET', path);
  }

  post(path: string, body?: unknown): Promise<Answer> {
    return this.request('POST', path, body);
  }

  get cookieHeader(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  /** Another browser that has the same cookies: a stolen or an old one. */
  copy(): Client {
    const copy = new Client(this.base, this.fetching);
    for (const [name, value] of this.cookies) copy.cookies.set(name, value);
    return copy;
  }

  /** The session id in the cookie. */
  get sessionId(): string | undefined {
    const value = this.cookies.get('sid') ?? this.cookies.get('__Host-sid');
    return value && decodeURIComponent(value).slice(2).split('.')[0];
  }

  #keep(line: string): void {
    const [pair = ''] = line.split(';');
    const name = pair.slice(0, pair.indexOf('='));
    const value = pair.slice(pair.indexOf('=') + 1);
    if (value === '' || /expires=Thu, 01 Jan 1970/i.test(line)) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly setCookies: string[];
  readonly text: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- what a server answers is looked at freely in tests
  readonly body: any;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Starts an application on a free port of the loopback interface. */
export async function listen(app: INestApplication, scheme = 'http'): Promise<string> {
  await app.listen(0, '127.0.0.1');
  const server = app.getHttpServer() as Server;
  const { port } = server.address() as AddressInfo;
  return `${scheme}://127.0.0.1:${port}`;
}
