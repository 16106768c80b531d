import { randomBytes } from 'node:crypto';
import { logIn } from './load/visitors.js';
import type { Cores } from './measure/cores.js';
import { PostgresServer } from './measure/postgres-server.js';
import { RedisServer } from './measure/redis-server.js';
import { RunningApp } from './measure/running-app.js';
import type { StoreServer } from './measure/store-server.js';
import type { BenchmarkOptions } from './options.js';
import type { Variant } from './variants.js';

/** A variant that is running, with its visitors logged in. */
export interface Site {
  readonly variant: Variant;
  readonly app: RunningApp;
  readonly server: StoreServer | undefined;
  readonly url: string;
  readonly cookies: readonly string[];
}

/** What all scenarios share: the options, the cores, and the servers, each started when it is first asked for. */
export class Bench {
  /** What all variants sign with. */
  readonly secret = randomBytes(32).toString('base64url');
  readonly #servers = new Map<string, Promise<StoreServer | undefined>>();

  #stopping: Promise<void> | undefined;

  constructor(
    readonly options: BenchmarkOptions,
    readonly cores: Cores | undefined,
  ) {}

  /** Undefined where there is none to be had. */
  server(kind: 'postgres' | 'redis'): Promise<StoreServer | undefined> {
    let server = this.#servers.get(kind);
    if (server === undefined) {
      server =
        kind === 'postgres' ? PostgresServer.start({ durable: !this.options.smoke }) : RedisServer.start();
      this.#servers.set(kind, server);
    }
    return server;
  }

  /** The servers that have been started. */
  async servers(): Promise<StoreServer[]> {
    return (await Promise.all(this.#servers.values())).filter((server) => server !== undefined);
  }

  /** The chosen variants whose server is there. */
  async variants(): Promise<Variant[]> {
    const there = await Promise.all(
      this.options.variants.map(async ({ server }) => !server || (await this.server(server)) !== undefined),
    );
    return this.options.variants.filter((_, index) => there[index]);
  }

  /** Runs a variant in a process of its own, on an empty store with its visitors in it, for as long as `use` takes. */
  async visit<Result>(
    variant: Variant,
    use: (site: Site) => Promise<Result>,
    fill?: (url: string, app: RunningApp) => Promise<void>,
  ): Promise<Result> {
    const server = variant.server && (await this.server(variant.server));
    const url = (await server?.fresh()) ?? '';
    const app = await RunningApp.start(
      { variant: variant.from?.name ?? variant.name, url, secret: this.secret },
      { cores: this.cores, flags: this.options.nodeFlags, checkout: variant.from?.checkout },
    );
    try {
      const cookies = await logIn(app.port, variant, this.options.sessions);
      await fill?.(url, app);
      if (!this.options.smoke) await server?.settle();
      return await use({ variant, app, server, url, cookies });
    } finally {
      await app.stop();
    }
  }

  /** Stops the servers; a second call waits for the first. */
  stop(): Promise<void> {
    return (this.#stopping ??= this.#stopServers());
  }

  async #stopServers(): Promise<void> {
    for (const server of await this.servers()) await server.stop();
  }
}
