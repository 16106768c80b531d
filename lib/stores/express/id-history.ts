import { ownText, RecentMap } from '../../core/record/recent-map.js';

/** So many ids are remembered at least. */
const CAPACITY = 10_000;

/** What became of an id in this process. */
interface Fate {
  /** The id that took its place. */
  readonly next?: string;
  /** Whether its session was ended under this id. */
  readonly isEnded?: boolean;
}

/**
 * The ids that were renewed or ended in this process a while ago. A request that is still under way with such an id
 * reaches its session, and must not bring it back once it was ended.
 */
export class IdHistory {
  readonly #fates = new RecentMap<Fate>(CAPACITY);

  /** The id that a session has now: the last of those that took the place of `id`. */
  latestOf(id: string): string {
    const direct = this.#fates.get(id)?.next;
    let latest = direct ?? id;
    for (let next = direct; next !== undefined; next = this.#fates.get(next)?.next) latest = next;
    if (latest !== (direct ?? id)) this.renewed(id, latest); // so that a long way is gone once
    return latest;
  }

  /** Whether an id was neither renewed, nor its session ended. */
  isCurrent(id: string): boolean {
    const { next, isEnded = false } = this.#fates.get(id) ?? {};
    return next === undefined && !isEnded;
  }

  /** Notes that an id has a session of its own. */
  began(id: string): void {
    this.#fates.add(id, {});
  }

  /** Notes that another id took the place of one. */
  renewed(id: string, next: string): void {
    this.#fates.add(id, { next: ownText(next) });
  }

  /** Notes that a session was ended. */
  ended(id: string): void {
    this.#fates.add(id, { isEnded: true });
  }
}
