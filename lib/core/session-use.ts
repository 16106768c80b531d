/**
 * Whether a request is a use of its session, as its handlers and the application say while it runs. A passive request
 * only looks: it prolongs nothing.
 */
export class SessionUse {
  #isCounted = false;
  #hasPassive = false;
  #hasOthers = false;

  /** Whether the request is passive; undefined if nobody has said so, and the option `passive` decides. */
  get isPassive(): boolean | undefined {
    if (this.#isCounted) return false;
    return this.#hasPassive && !this.#hasOthers ? true : undefined;
  }

  /** Counts the request as a use, whatever else is said of it. */
  count(): void {
    this.#isCounted = true;
  }

  /**
   * Takes note of a handler that runs for the request.
   *
   * @param isPassive - What `@PassiveSession()` says of it; undefined if it does not stand there.
   */
  handledBy(isPassive: boolean | undefined): void {
    if (isPassive === undefined) this.#hasOthers = true;
    else if (isPassive) this.#hasPassive = true;
    else this.#isCounted = true;
  }
}
