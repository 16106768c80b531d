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

/** How variants are run. */
export interface Visit {
  /** The executable of Node.js; by default the first. */
  readonly node?: string;
  /** Fills the store. */
  readonly fill?: (site: Site) => Promise<void>;
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

  /** Those of the variants whose server is there. */
  async available(variants: readonly Variant[]): Promise<Variant[]> {
    const there = await Promise.all(
      variants.map(async ({ server }) => !server || (await this.server(server)) !== undefined),
    );
    return variants.filter((_, index) => there[index]);
  }

  /** Runs variants for as long as `use` takes, each in a process of its own, on an empty store with its visitors in it. */
  async visit<Result>(
    variants: readonly Variant[],
    use: (sites: readonly Site[]) => Promise<Result>,
    { node = this.options.nodes[0]!, fill }: Visit = {},
  ): Promise<Result> {
    const sites: (Site & { readonly cookies: string[] })[] = [];
    try {
      for (const variant of variants) {
        const site = await this.#open(variant, node);
        sites.push(site);
        site.cookies.push(...(await logIn(site.app.port, variant, this.options.sessions)));
        await fill?.(site);
        if (!this.options.smoke) await this.settle(site);
      }
      return await use(sites);
    } finally {
      for (const { app } of sites) await app.stop();
    }
  }

  /** Has a site's server look at what is in it. */
  async settle({ server, variant }: Site): Promise<void> {
    await server?.settle(placeOf(variant));
  }

  async #open(variant: Variant, node: string): Promise<Site & { readonly cookies: string[] }> {
    const server = variant.server && (await this.server(variant.server));
    const place = placeOf(variant);
    const url = (await server?.fresh(place)) ?? '';
    const app = await RunningApp.start(
      { variant: variant.from?.name ?? variant.name, url, place, secret: this.secret },
      { node, cores: this.cores, flags: this.options.nodeFlags, checkout: variant.from?.checkout },
    );
    return { variant, app, server, url, cookies: [] };
  }

  /** Stops the servers; a second call waits for the first. */
  stop(): Promise<void> {
    return (this.#stopping ??= this.#stopServers());
  }

  async #stopServers(): Promise<void> {
    for (const server of await this.servers()) await server.stop();
  }
}

/** What a variant's place in a store is called: a name in any of them. */
function placeOf({ name }: Variant): string {
  return name.replace(/\W/g, '_');
}
