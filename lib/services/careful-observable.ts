import { Observable, type Observer, Subscriber, type Subscription } from 'rxjs';
import { harmless } from '../core/record/session-events.js';

/**
 * An observable whose subscribers cannot end the process. RxJS rethrows the error of a subscriber on a timer. Here it becomes a
 * process warning, also at the end of a chain of operators.
 */
export class CarefulObservable<Value> extends Observable<Value> {
  /** Operators use this, so that their results are careful, too. */
  override lift<Result>(operator: Parameters<Observable<Value>['lift']>[0] & object): Observable<Result> {
    const lifted = new CarefulObservable<Result>();
    Object.assign(lifted, { source: this, operator });
    return lifted;
  }

  override subscribe(
    observerOrNext?: Partial<Observer<Value>> | ((value: Value) => void) | null,
    error?: ((error: unknown) => void) | null,
    complete?: (() => void) | null,
  ): Subscription {
    // An operator further down the chain passes its own subscriber.
    if (observerOrNext instanceof Subscriber) return super.subscribe(observerOrNext);
    const own: Partial<Observer<Value>> =
      typeof observerOrNext === 'function' ? { next: observerOrNext } : (observerOrNext ?? {});
    return super.subscribe({
      next: (value) => harmless(() => own.next?.(value)),
      error: (reason: unknown) =>
        harmless(() => {
          const handle = own.error?.bind(own) ?? error;
          if (!handle) throw reason;
          handle(reason);
        }),
      complete: () => harmless(() => (own.complete ? own.complete() : complete?.())),
    });
  }
}
