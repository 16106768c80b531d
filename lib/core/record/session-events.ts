import { type Channel, channel } from 'node:diagnostics_channel';
import { describe } from '../../errors/describe.js';
import { messages } from '../../errors/messages.js';
import { type Persons, personsOf } from './identity/identity.js';

/** Why a session was ended. */
export type DestroyedReason = 'logout' | 'revoked' | 'replaced';

/**
 * Why a session got a new id: a user signed in, the application asked for it, it was due by `rotateInterval`, its level
 * was raised (`stepUp()`), or the user started or stopped acting for another user.
 */
export type RotatedReason = 'login' | 'requested' | 'scheduled' | 'stepUp' | 'actAs' | 'stopActing';

/** Why a session cookie, or a proof of the device that its session is bound to, was not accepted. */
export type RejectedReason =
  | 'malformed'
  | 'signature'
  | 'unknown'
  | 'superseded'
  | 'expired'
  | 'corrupt'
  /** The session is bound to a device, and the request has no valid proof of it (`deviceBound`). */
  | 'unproved'
  /** The session must be bound to a device (`deviceBound: { require: 'always' }`), but is not. */
  | 'unbound'
  /** A proof of the device, or a registration, was wrong, too late, or used before. */
  | 'proof';

interface EventFacts {
  /** When it happened. */
  readonly at: Date;
  /** The public name of the session. Never its id. */
  readonly handle: string;
  /** The user of the session, if known. If the session acts for another user, this is that user. */
  readonly userId?: string | undefined;
  /** The user who is really signed in, if the session acts for another user (`session.actAs()`). */
  readonly actor?: string | undefined;
}

/** An event of a session. It never contains an id, a secret or session data. */
export type SessionEvent =
  | ({ readonly type: 'created' } & EventFacts)
  | ({ readonly type: 'loaded' } & EventFacts)
  | ({ readonly type: 'rotated'; readonly reason: RotatedReason } & EventFacts)
  | ({ readonly type: 'destroyed'; readonly reason: DestroyedReason } & EventFacts)
  /** A browser has bound the session to its device. */
  | ({ readonly type: 'bound' } & EventFacts)
  /** A browser has sent a valid proof of the device. */
  | ({ readonly type: 'proved' } & EventFacts)
  | ({ readonly type: 'rejected'; readonly reason: RejectedReason } & Pick<EventFacts, 'at'> &
      Partial<EventFacts>)
  | { readonly type: 'storeError'; readonly at: Date; readonly error: Error };

/** Channels for tracing tools: `nest-session:created` and so on, with the event as the message. */
const CHANNELS: Readonly<Record<SessionEvent['type'], Channel>> = {
  created: channel('nest-session:created'),
  loaded: channel('nest-session:loaded'),
  rotated: channel('nest-session:rotated'),
  destroyed: channel('nest-session:destroyed'),
  bound: channel('nest-session:bound'),
  proved: channel('nest-session:proved'),
  rejected: channel('nest-session:rejected'),
  storeError: channel('nest-session:storeError'),
};

/** Distributes the events of the engine. */
export class SessionEventHub {
  readonly #listeners = new Set<(event: SessionEvent) => void>();

  /** Whether anyone listens to a type of event; avoids building unused events. */
  hasListeners(type: SessionEvent['type']): boolean {
    return this.#listeners.size > 0 || CHANNELS[type].hasSubscribers;
  }

  /** Calls `listener` with every event, until the returned function is called. */
  subscribe(listener: (event: SessionEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Sends an event to every listener, and to the diagnostics channel of its type. */
  emit(event: SessionEvent): void {
    CHANNELS[event.type].publish(event);
    for (const listener of this.#listeners) {
      harmless(() => listener(event));
    }
  }
}

/**
 * Calls a listener. If it throws, the error becomes a process warning and affects neither the request nor other
 * listeners.
 */
export function harmless(listener: () => void): void {
  try {
    listener();
  } catch (error) {
    const detail = error instanceof Error ? (error.stack ?? error.message) : describe(error);
    process.emitWarning(messages.listenerFailed, { code: 'NEST_SESSION_LISTENER', detail });
  }
}

/** The fields of a record that an event may show. */
interface Subject {
  readonly key: string;
  readonly userId?: string | null;
  readonly meta?: string | null;
}

/** Builds events about records, if anyone listens. */
export class SessionReporter {
  constructor(
    private readonly hub: SessionEventHub,
    private readonly now: () => number,
  ) {}

  get hasDestroyedListeners(): boolean {
    return this.hub.hasListeners('destroyed');
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
    if (!this.hub.hasListeners(facts.type)) return;
    const at = new Date(this.now());
    const { userId, actor }: Persons = record === undefined ? {} : personsOf(record);
    const subject = record && {
      handle: record.key,
      ...(userId != null && { userId }),
      ...(actor !== undefined && { actor }),
    };
    this.hub.emit({ ...facts, at, ...subject } as SessionEvent);
  }
}
