/**
 * The base of the errors of this package: a stable `code` that programs can compare, and the HTTP status that Nest's
 * exception filter uses. No message contains a session id, a secret or session data.
 */
export abstract class SessionError extends Error {
  /** Stable, machine-readable name of the error, for example `SESSION_STORE_UNAVAILABLE`. */
  abstract readonly code: string;

  /** The HTTP status of the response if the application does not catch the error. */
  abstract readonly statusCode: number;

  /** The same as {@link statusCode}, for `http-errors`, Express, Nest and Fastify. */
  get status(): number {
    return this.statusCode;
  }

  /** Whether the client may see the message: only if the status is below 500. */
  get expose(): boolean {
    return this.statusCode < 500;
  }

  /** The response body. Nest's GraphQL drivers put it into `extensions.originalError`. */
  get response(): { readonly statusCode: number; readonly code: string; readonly message: string } {
    const { statusCode, code, message } = this;
    return { statusCode, code, message };
  }

  /** The name of the class. */
  override get name(): string {
    return this.constructor.name;
  }
}
