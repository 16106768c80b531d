import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { filter, type Observable, Subject } from 'rxjs';
import type { SessionEvent } from '../core/record/session-events.js';
import { CarefulObservable } from './careful-observable.js';
import { SESSION_RUNTIME } from '../session.constants.js';
import type { SessionRuntime } from '../session.runtime.js';

/**
 * The events of sessions, as observables. Events contain handles, but no id, secret or session data. If a subscriber
 * throws, the error becomes a process warning and does not affect requests.
 *
 * @example
 * ```ts
 * events.on('rejected').subscribe(({ reason }) => rejected.inc({ reason }));
 * ```
 */
@Injectable()
export class SessionEvents implements OnApplicationShutdown {
  readonly #subject = new Subject<SessionEvent>();
  readonly #runtime: SessionRuntime;
  #unsubscribe: (() => void) | undefined;

  /** Nest calls it. @internal */
  constructor(@Inject(SESSION_RUNTIME) runtime: SessionRuntime) {
    this.#runtime = runtime;
  }

  /** Every event. */
  get all(): Observable<SessionEvent> {
    this.#unsubscribe ??= this.#runtime.events.subscribe((event) => this.#subject.next(event));
    return new CarefulObservable((subscriber) => this.#subject.subscribe(subscriber));
  }

  /** The events of one type. */
  on<Type extends SessionEvent['type']>(type: Type): Observable<Extract<SessionEvent, { type: Type }>> {
    return this.all.pipe(
      filter((event): event is Extract<SessionEvent, { type: Type }> => event.type === type),
    );
  }

  onApplicationShutdown(): void {
    this.#unsubscribe?.();
    this.#subject.complete();
  }
}
