import { Instance } from './instance.js';
import type { Proxy } from './proxy/proxy.js';
import type { Secrets } from './secrets.js';

export interface FleetSettings {
  /** How many instances. */
  readonly size: number;
  /** The program that is an instance. */
  readonly script: string;
  /** Variables for the instances, which say where the sessions are. */
  readonly environment: Readonly<Record<string, string>>;
  /** Whether what they say is heard. @defaultValue `'inherit'` */
  readonly output?: 'inherit' | 'ignore';
  readonly secrets: Secrets;
  readonly proxy: Proxy;
}

/** Several instances behind one proxy. */
export class Fleet {
  readonly #settings: FleetSettings;
  #instances: readonly Instance[] = [];
  /** One thing at a time: restarts wait for each other, and the end for them. */
  #work: Promise<void> = Promise.resolve();

  constructor(settings: FleetSettings) {
    this.#settings = settings;
  }

  /** Those that run. */
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
   * A new secret signs from now on, and nobody is signed out. In two rounds: when the first instance signs with the new one,
   * all the others have to know it already.
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

  /** Replaces the instances, one after the other, while the others serve: what a deployment does. */
  rollingRestart(): Promise<void> {
    return this.#inTurn(() => this.#restart());
  }

  /** First the proxy, so that no request comes in vain. */
  async close(): Promise<void> {
    await this.#inTurn(async () => {
      await this.#settings.proxy.close();
      await Promise.all(this.#instances.map((instance) => instance.stop()));
    });
  }

  async #restart(): Promise<void> {
    for (const old of this.#instances) {
      const before = this.#instances;
      const next = await this.#start(old.name); // with what holds from now on: secrets, or a new release
      this.#instances = before.map((each) => (each === old ? next : each));
      try {
        await this.#settings.proxy.route(this.#urls); // nobody is on the way to the old one any more
      } catch (error) {
        this.#instances = before; // which are still asked
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

  /** After what was begun before, also where that has failed. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#work.then(work);
    this.#work = done.catch(() => undefined); // whoever asked for it is told
    return done;
  }
}
