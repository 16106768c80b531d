/**
 * Whether a request counts as activity of its session, according to its handlers and the application. A passive request
 * does not extend the idle timeout.
 */
export class SessionUse {
  #isCounted = false;
  #hasPassive = false;
  #hasOthers = false;

  /** Whether the request is passive; undefined if no handler has decided it, so that the option `passive` decides. */
  get isPassive(): boolean | undefined {
    if (this.#isCounted) return false;
    return this.#hasPassive && !this.#hasOthers ? true : undefined;
  }

  /** Counts the request as activity, even if it is passive. */
  count(): void {
    this.#isCounted = true;
  }

  /**
   * Records a handler that runs for the request.
   *
   * @param isPassive - The value of its `@PassiveSession()`; undefined without the decorator.
   */
  handledBy(isPassive: boolean | undefined): void {
    if (isPassive === undefined) this.#hasOthers = true;
    else if (isPassive) this.#hasPassive = true;
    else this.#isCounted = true;
  }
}
