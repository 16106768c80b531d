import { ownText, RecentMap } from '../../core/record/recent-map.js';

/** How many ids are remembered at least. */
const CAPACITY = 10_000;

/** What happened to an id in this process. */
interface Fate {
  /** The id that replaced it. */
  readonly next?: string;
  /** Whether its session was ended under this id. */
  readonly isEnded?: boolean;
}

/**
 * The ids that were renewed or ended recently in this process. A request in flight with an old id still finds its
 * session, but must not restore an ended session.
 */
export class IdHistory {
  readonly #fates = new RecentMap<Fate>(CAPACITY);

  /** The present id of a session: the last of those that replaced `id`. */
  latestOf(id: string): string {
    const direct = this.#fates.get(id)?.next;
    let latest = direct ?? id;
    for (let next = direct; next !== undefined; next = this.#fates.get(next)?.next) latest = next;
    if (latest !== (direct ?? id)) this.renewed(id, latest); // shortens the chain
    return latest;
  }

  /** Whether an id was neither renewed, nor its session ended. */
  isCurrent(id: string): boolean {
    const { next, isEnded = false } = this.#fates.get(id) ?? {};
    return next === undefined && !isEnded;
  }

  /** Notes that an id has a session. */
  began(id: string): void {
    this.#fates.add(id, {});
  }

  /** Notes that an id was replaced. */
  renewed(id: string, next: string): void {
    this.#fates.add(id, { next: ownText(next) });
  }

  /** Notes that a session was ended. */
  ended(id: string): void {
    this.#fates.add(id, { isEnded: true });
  }
}
