import { setTimeout } from 'node:timers/promises';
import { Client } from '../../support/client.js';

/** Clients that change their sessions as fast as they are answered, each its own. */
export class Load {
  /** How often each status was answered; 0 stands for a connection that ended without an answer. */
  readonly statuses = new Map<number, number>();
  /** How many answers were 503 without Retry-After. */
  rude = 0;
  readonly #visitors: readonly Visitor[];
  readonly #done: Promise<unknown>;
  #running = true;

  /** Begins, with sessions that are stored already. */
  static async begin(base: string, clients: number): Promise<Load> {
    const visitors = Array.from({ length: clients }, () => new Visitor(base));
    await Promise.all(visitors.map((visitor) => visitor.client.post('/set', { start: 0 })));
    return new Load(visitors);
  }

  private constructor(visitors: readonly Visitor[]) {
    this.#visitors = visitors;
    this.#done = Promise.all(visitors.map((visitor) => this.#run(visitor)));
  }

  /** Resolves when there were so `many` answers with a status from now on. */
  async until(status: number, many = 20): Promise<void> {
    const wanted = (this.statuses.get(status) ?? 0) + many;
    while ((this.statuses.get(status) ?? 0) < wanted) await setTimeout(5);
  }

  /** Ends it, when every client has the answer it waits for. */
  async stop(): Promise<void> {
    this.#running = false;
    await this.#done;
  }

  /** What is not stored as it was acknowledged, or later, as an application at `base` reads it. */
  async lost(base: string): Promise<string[]> {
    const losses = await Promise.all(this.#visitors.map((visitor) => visitor.lost(base)));
    return losses.flat();
  }

  async #run(visitor: Visitor): Promise<void> {
    while (this.#running) {
      const { status, isRude } = await visitor.write();
      this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
      if (isRude) this.rude++;
      if (status === 0) await setTimeout(10); // nobody listens
    }
  }
}

class Visitor {
  readonly client: Client;
  readonly #acknowledged: Record<string, number> = {};
  #turn = 0;

  constructor(base: string) {
    this.client = new Client(base);
  }

  async write(): Promise<{ status: number; isRude?: boolean }> {
    const turn = ++this.#turn;
    const key = `key${turn % 5}`;
    try {
      const { status, headers } = await this.client.post('/set', { [key]: turn });
      if (status === 201) this.#acknowledged[key] = turn;
      return { status, isRude: status === 503 && !headers.has('retry-after') };
    } catch {
      return { status: 0 };
    }
  }

  /** A write without an answer may have been stored; one that was answered, or a later one, must be. */
  async lost(base: string): Promise<string[]> {
    const reader = new Client(base);
    reader.headers.cookie = this.client.cookieHeader;
    const { status, body } = await reader.get('/read');
    if (status !== 200) return [`status ${status}`];
    return Object.entries({ start: 0, ...this.#acknowledged }).flatMap(([key, turn]) =>
      body[key] >= turn && body[key] <= this.#turn ? [] : [`${key}: ${turn}, stored ${body[key]}`],
    );
  }
}
