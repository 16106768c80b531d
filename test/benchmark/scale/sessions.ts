import { setTimeout as delay } from 'node:timers/promises';
import { isExpired, keyOf, recordOf, userOf } from './rows.js';
import type { ScaleTarget } from './target.js';

/** Random ones of all that have not expired. */
export class Sessions {
  readonly #versions: Uint32Array;

  constructor(
    private readonly target: ScaleTarget,
    private readonly rows: number,
  ) {
    this.#versions = new Uint32Array(rows).fill(1);
  }

  async read(amount: number): Promise<void> {
    const found = await this.target.store.read(this.#some(amount).map(keyOf));
    if (found.includes(undefined)) throw new Error(`${this.target.title} has lost a session.`);
  }

  async change(amount: number): Promise<void> {
    const changes = this.#some(amount).map((index) => {
      const version = this.#versions[index]!;
      this.#versions[index] = version + 1;
      return { key: keyOf(index), version, next: recordOf(index, version + 1) };
    });
    const outcomes = await this.target.store.update(changes);
    if (outcomes.some((outcome) => outcome !== true))
      throw new Error(`${this.target.title} has refused a change.`);
  }

  async list(): Promise<void> {
    const found = await this.target.store.findByUser(userOf(this.#some(1)[0]!), Date.now());
    if (found.length === 0) throw new Error(`${this.target.title} has lost a session of a user.`);
  }

  /** As Pruner does it. @returns How many rows it removed. */
  async prune(): Promise<number> {
    for (let total = 0; ;) {
      const removed = await this.target.store.prune!(Date.now(), 500);
      total += removed;
      if (removed < 500) return total;
      await delay(25);
    }
  }

  #some(amount: number): number[] {
    const chosen = new Set<number>();
    while (chosen.size < amount) {
      const index = Math.floor(Math.random() * this.rows);
      if (!isExpired(index)) chosen.add(index);
    }
    return [...chosen];
  }
}
