import { AsyncLocalStorage } from 'node:async_hooks';
import { messages } from '../../errors/messages.js';
import { SessionUsageError } from '../../errors/session-usage.error.js';
import { within } from '../record/time-limit.js';
import { Latch, QueueEntry } from './queue-entry.js';

/** Node's own, also where a test fakes it later. To import it would cost 1.4 ms: `node:process` is made of every property of `process`. */
const nextTick = process.nextTick.bind(process);

/** Called when a session method is done, as in express-session. */
export type SessionCallback = (error?: Error | null) => void;

/** A method of a session that is queued with the other calls of a request. */
export type CallName =
  | 'login'
  | 'stepUp'
  | 'actAs'
  | 'stopActing'
  | 'logout'
  | 'rotate'
  | 'regenerate'
  | 'destroy'
  | 'save'
  | 'reload'
  | 'update'
  | '@Flash'
  | '@CsrfToken';

class Call extends QueueEntry {
  constructor(
    readonly calls: SessionCalls,
    readonly name: CallName,
    /** The update() whose function made the call. */
    readonly outer: Call | undefined,
  ) {
    super();
  }
}

/** The update() whose function is running now. */
const updates = new AsyncLocalStorage<Call>();

/** The promise of a call, which knows whether it is awaited. */
class CallPromise<Result> extends Promise<Result> {
  isAwaited = false;

  /** `then()` returns a plain promise. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  override then<Fulfilled = Result, Rejected = never>(
    onFulfilled?: ((value: Result) => Fulfilled | PromiseLike<Fulfilled>) | null,
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    this.isAwaited = true;
    return super.then(onFulfilled, onRejected);
  }
}

/** The work of a call. Code that runs through `inside` must not wait for the call. */
type Work<Result> = (inside: <T>(fn: () => T) => T) => Promise<Result>;

/**
 * The calls of one request's session. They take effect one after the other, in the order they were made, awaited or not. The
 * response waits for all of them, and for the calls of their callbacks.
 */
export class SessionCalls {
  readonly #timeout: number;
  readonly #onCallbackError: (error: unknown) => void;
  #last: Call | undefined;
  /** The number of calls and callbacks that are not done. */
  #open = 0;
  /** Opens when the next of them is done. */
  #progress: Latch | undefined;
  /** Failed calls, awaited or not. */
  #failed: { readonly promise: CallPromise<unknown>; readonly error: unknown }[] | undefined;
  #callbackError: { readonly error: unknown } | undefined;

  /**
   * @param timeout - Milliseconds that a call waits for the one before it.
   * @param onCallbackError - Called if a callback throws, or returns a promise that rejects.
   */
  constructor(timeout: number, onCallbackError: (error: unknown) => void) {
    this.#timeout = timeout;
    this.#onCallbackError = onCallbackError;
  }

  /** Whether all calls and their callbacks are done. */
  get isIdle(): boolean {
    return this.#open === 0;
  }

  /**
   * Runs a call after the calls before it; synchronously if there are none.
   *
   * @param undo - Undoes what was done when the call was made, if it fails or is refused.
   */
  run<Result>(name: CallName, work: Work<Result>, undo?: () => void): Promise<Result> {
    const result = this.#begin(name, work);
    const promise = new CallPromise<Result>(
      (resolve, reject) =>
        void result.then(resolve, (error: unknown) => {
          undo?.();
          reject(error);
        }),
    );
    this.#open++;
    // Its own then() would count as awaiting it. A failure is kept for the response.
    void Promise.prototype.then.call(
      promise,
      () => this.#over(),
      (error: unknown) => {
        (this.#failed ??= []).push({ promise, error });
        this.#over();
      },
    );
    return promise;
  }

  /** Runs a call, and then its callback; returns a promise if there is no callback. */
  answer<Session>(
    session: Session,
    name: CallName,
    work: () => Promise<void>,
    callback: SessionCallback | undefined,
    undo?: () => void,
  ): Promise<void> | Session {
    if (callback === undefined) return this.run(name, work, undo);
    this.#open++;
    const tell = (...args: [] | [Error]): void =>
      nextTick(() => {
        this.#callBack(callback, args);
        this.#over();
      });
    this.run(name, work, undo).then(
      () => tell(),
      (error: unknown) => tell(error as Error),
    );
    return session;
  }

  /**
   * Waits until all calls are done.
   *
   * @throws SessionUsageError if none of them is done within the time limit.
   */
  async idle(): Promise<void> {
    while (!this.isIdle) {
      this.#progress ??= new Latch();
      const waitsFor = (): Error =>
        new SessionUsageError(messages.callWaits('The response', this.#last?.name, this.#timeout));
      await within(this.#timeout, this.#progress.wait(), waitsFor);
    }
  }

  /** Throws the error of a callback, or of a call that was not awaited. */
  throwFailure(): void {
    if (this.#callbackError !== undefined) throw this.#callbackError.error;
    const unseen = this.#failed?.find(({ promise }) => !promise.isAwaited);
    this.#failed = undefined;
    if (unseen !== undefined) throw unseen.error;
  }

  #over(): void {
    this.#open--;
    this.#progress?.open();
    this.#progress = undefined;
  }

  #callBack(callback: SessionCallback, args: [] | [Error]): void {
    const failed = (error: unknown): void => {
      this.#callbackError ??= { error };
      this.#onCallbackError(error);
    };
    try {
      const returned = callback(...args) as unknown;
      if (isPromise(returned)) returned.then(undefined, failed);
    } catch (error) {
      failed(error);
    }
  }

  #begin<Result>(name: CallName, work: Work<Result>): Promise<Result> {
    const outer = updates.getStore();
    for (let update = outer; update !== undefined; update = update.outer) {
      if (update.calls === this && !update.done.isOpen)
        return Promise.reject(new SessionUsageError(messages.insideUpdate(name)));
    }
    const before = this.#last;
    const call = (this.#last = new Call(this, name, outer));
    return before === undefined ? this.#start(call, work) : this.#wait(before, call, work);
  }

  async #start<Result>(call: Call, work: Work<Result>): Promise<Result> {
    try {
      return await work((fn) => updates.run(call, fn));
    } finally {
      this.#leave(call);
    }
  }

  async #wait<Result>(before: Call, call: Call, work: Work<Result>): Promise<Result> {
    await within(this.#timeout, before.done.wait(), () => {
      // The calls after it still wait for the one before it.
      void before.done.wait().then(() => this.#leave(call));
      return new SessionUsageError(messages.callWaits(`session.${call.name}()`, before.name, this.#timeout));
    });
    return this.#start(call, work);
  }

  #leave(call: Call): void {
    if (this.#last === call) this.#last = undefined;
    call.done.open();
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as Partial<PromiseLike<unknown>> | undefined)?.then === 'function';
}
