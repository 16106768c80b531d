/**
 * What every error of this package has: a stable `code` a program can compare, and the HTTP status that
 * Nest's own exception filter answers with. No message holds a session id, a secret or session data.
 */
export abstract class SessionError extends Error {
  /** Stable, machine-readable name of the error, for example `SESSION_STORE_UNAVAILABLE`. */
  abstract readonly code: string;

  /** The HTTP status this error is answered with where nobody catches it. */
  abstract readonly statusCode: number;

  /** The same under the name that `http-errors`, and so Express, Nest and Fastify, look for. */
  get status(): number {
    return this.statusCode;
  }

  /** Whether a client may read the message: not where the fault is the server's own. */
  get expose(): boolean {
    return this.statusCode < 500;
  }

  /** The same as the body of an answer: Nest's drivers for GraphQL put it into `extensions.originalError`. */
  get response(): { readonly statusCode: number; readonly code: string; readonly message: string } {
    const { statusCode, code, message } = this;
    return { statusCode, code, message };
  }

  /** The name of its class. */
  override get name(): string {
    return this.constructor.name;
  }
}
