import { Instance } from './instance.js';
import type { Proxy } from './proxy/proxy.js';
import type { Secrets } from './secrets.js';

export interface FleetSettings {
  /** How many instances. */
  readonly size: number;
  /** The program of an instance. */
  readonly script: string;
  /** Environment variables for the instances. */
  readonly environment: Readonly<Record<string, string>>;
  /** Whether their output is shown. @defaultValue `'inherit'` */
  readonly output?: 'inherit' | 'ignore';
  readonly secrets: Secrets;
  readonly proxy: Proxy;
}

/** Several instances behind one proxy. */
export class Fleet {
  readonly #settings: FleetSettings;
  #instances: readonly Instance[] = [];
  /** Restarts wait for each other, and stopping waits for them. */
  #work: Promise<void> = Promise.resolve();

  constructor(settings: FleetSettings) {
    this.#settings = settings;
  }

  /** The running instances. */
  get instances(): readonly Pick<Instance, 'name' | 'url'>[] {
    return this.#instances;
  }

  /** Starts the instances, then the proxy. */
  listen(port: number, host: string): Promise<void> {
    return this.#inTurn(async () => {
      const names = Array.from({ length: this.#settings.size }, (_, index) => String(index + 1));
      const started = await Promise.allSettled(names.map((name) => this.#start(name)));
      this.#instances = started.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
      for (const outcome of started) if (outcome.status === 'rejected') throw outcome.reason;
      await this.#settings.proxy.listen(port, host, this.#urls);
    });
  }

  getUrl(): Promise<string> {
    return Promise.resolve(this.#settings.proxy.url);
  }

  /**
   * Replaces the secret without signing users out. It takes two rounds, because all instances must know the new secret
   * before the first one signs with it.
   */
  rotateSecret(): Promise<void> {
    return this.#inTurn(async () => {
      const { secrets } = this.#settings;
      await secrets.announce();
      await this.#restart();
      await secrets.promote();
      await this.#restart();
    });
  }

  /** Replaces the instances one after the other, while the others serve requests, as a deployment does. */
  rollingRestart(): Promise<void> {
    return this.#inTurn(() => this.#restart());
  }

  /** The proxy stops first, so that no request fails. */
  async close(): Promise<void> {
    await this.#inTurn(async () => {
      await this.#settings.proxy.close();
      await Promise.all(this.#instances.map((instance) => instance.stop()));
    });
  }

  async #restart(): Promise<void> {
    for (const old of this.#instances) {
      const before = this.#instances;
      const next = await this.#start(old.name); // with the new secrets, or a new release
      this.#instances = before.map((each) => (each === old ? next : each));
      try {
        await this.#settings.proxy.route(this.#urls); // no request goes to the old one any more
      } catch (error) {
        this.#instances = before; // which still get requests
        await next.stop();
        throw error;
      }
      await old.stop();
    }
  }

  #start(name: string): Promise<Instance> {
    const { script, environment, output, secrets } = this.#settings;
    return Instance.start(script, name, { ...environment, SESSION_SECRETS: secrets.list.join(',') }, output);
  }

  get #urls(): string[] {
    return this.#instances.map(({ url }) => url);
  }

  /** Runs after earlier work, even if that has failed. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#work.then(work);
    this.#work = done.catch(() => undefined); // the caller gets the error
    return done;
  }
}
