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
    const headers = Object.entries({ host: 'localhost', connection: 'keep-alive', ...this.sample(1)[0] });
    const length = this.method === 'POST' ? 'content-length: 0\r\n' : '';
    const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    return `${this.method} ${this.path} HTTP/1.1\r\n${lines}${length}\r\n`;
  }
}

function randomOf<Item>(items: readonly Item[]): Item | undefined {
  return items[Math.floor(Math.random() * items.length)];
}
