/** The routes of the application. */
export const ROUTES = ['none', 'read', 'change', 'login'] as const;

export type Route = (typeof ROUTES)[number];

const METHODS: Readonly<Record<Route, 'GET' | 'POST'>> = {
  none: 'GET',
  read: 'GET',
  change: 'POST',
  login: 'POST',
};

/** The requests to one route: each comes from a random one of the visitors; who logs in comes without a cookie. */
export class Traffic {
  readonly path: string;
  readonly method: 'GET' | 'POST';

  constructor(
    readonly route: Route,
    private readonly cookies: readonly string[],
  ) {
    this.path = `/${route}`;
    this.method = METHODS[route];
  }

  /** The headers of `amount` random requests. */
  sample(amount: number): Record<string, string>[] {
    return Array.from({ length: amount }, () => {
      const cookie = this.route === 'login' ? undefined : randomOf(this.cookies);
      return cookie === undefined ? {} : { cookie };
    });
  }

  /** One request as it goes over the wire. */
  next(): string {
    return requestOf(this.method, this.path, this.sample(1)[0]?.cookie);
  }
}

/** A request as it goes over the wire. */
export function requestOf(method: 'GET' | 'POST', path: string, cookie: string | undefined): string {
  const length = method === 'POST' ? 'content-length: 0\r\n' : '';
  const sent = cookie === undefined ? '' : `cookie: ${cookie}\r\n`;
  return `${method} ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: keep-alive\r\n${sent}${length}\r\n`;
}

function randomOf<Item>(items: readonly Item[]): Item | undefined {
  return items[Math.floor(Math.random() * items.length)];
}
