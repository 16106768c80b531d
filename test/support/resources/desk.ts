import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dist } from './dist.js';
import type { Answer } from './find.js';
import { LOOK_UPS, type Resource } from './look-ups.js';
import { postgres } from './postgres.js';

/** What answers `findResource()` of the specs, in the process that runs Jest. Each resource is found once. */
export class ResourceDesk {
  readonly #resources: readonly Resource[] = [postgres(), dist, ...LOOK_UPS];
  readonly #found = new Map<Resource, Promise<Answer>>();
  readonly #missing = new Set<Resource>();
  readonly #server: Server;

  constructor() {
    this.#server = createServer((req, res) => void this.#serve(req, res));
    this.#server.unref();
  }

  /** Opens it and answers its port. */
  async open(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  /** @throws Error where the machine lacks something that tests can use. */
  async requireAll(): Promise<void> {
    for (const resource of LOOK_UPS) {
      const { error } = await this.#answer(resource);
      if (error !== undefined) throw new Error(error);
      if (this.#missing.has(resource))
        throw new Error(`There is no ${resource.name}, and CI_SERVERS requires it: ${resource.remedy}.`);
    }
  }

  /** What specs asked for and was not there. */
  get missing(): readonly Resource[] {
    return [...this.#missing];
  }

  /** Stops what it has started. */
  async close(): Promise<void> {
    this.#server.close();
    for (const resource of this.#resources) {
      await this.#found.get(resource);
      await resource.stop?.();
    }
  }

  async #serve({ url = '' }: IncomingMessage, response: ServerResponse): Promise<void> {
    const name = decodeURIComponent(url.slice(1));
    const resource = this.#resources.find((one) => one.name === name);
    const answer = resource ? await this.#answer(resource) : { error: `There is no resource "${name}".` };
    response.end(JSON.stringify(answer));
  }

  #answer(resource: Resource): Promise<Answer> {
    let answer = this.#found.get(resource);
    if (answer === undefined) this.#found.set(resource, (answer = this.#find(resource)));
    return answer;
  }

  async #find(resource: Resource): Promise<Answer> {
    try {
      const place = await resource.find();
      if (place !== undefined) return { place };
      this.#missing.add(resource);
      return {};
    } catch (error) {
      return { error: error instanceof Error ? error.message : String(error) };
    }
  }
}
