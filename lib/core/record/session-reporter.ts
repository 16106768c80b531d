import type {
  DestroyedReason,
  RejectedReason,
  RotatedReason,
  SessionEvent,
  SessionEventHub,
} from './session-events.js';

/** What an event says of a record: never more than its public name and its user. */
interface Subject {
  readonly key: string;
  readonly userId?: string | null;
}

/** Turns what happens to records into events, where anybody listens. */
export class SessionReporter {
  constructor(
    private readonly hub: SessionEventHub,
    private readonly now: () => number,
  ) {}

  /** Whether anybody listens to ends. */
  get hearsDestroyed(): boolean {
    return this.hub.hears('destroyed');
  }

  created(record: Subject): void {
    this.#tell({ type: 'created' }, record);
  }

  loaded(record: Subject): void {
    this.#tell({ type: 'loaded' }, record);
  }

  rotated(record: Subject, reason: RotatedReason): void {
    this.#tell({ type: 'rotated', reason }, record);
  }

  destroyed(record: Subject, reason: DestroyedReason): void {
    this.#tell({ type: 'destroyed', reason }, record);
  }

  bound(record: Subject): void {
    this.#tell({ type: 'bound' }, record);
  }

  proved(record: Subject): void {
    this.#tell({ type: 'proved' }, record);
  }

  rejected(reason: RejectedReason, record?: Subject): void {
    this.#tell({ type: 'rejected', reason }, record);
  }

  #tell(
    facts: { readonly type: SessionEvent['type']; readonly [fact: string]: unknown },
    record?: Subject,
  ): void {
    if (!this.hub.hears(facts.type)) return;
    const at = new Date(this.now());
    const subject = record && {
      handle: record.key,
      ...(record.userId != null && { userId: record.userId }),
    };
    this.hub.emit({ ...facts, at, ...subject } as SessionEvent);
  }
}
