import { HttpException, type HttpStatus } from '@nestjs/common';

/**
 * The base of the errors with which guards refuse requests. The response body has `statusCode`, `code` and `message`, and
 * nothing of the session. Handle all of them with `@Catch(SessionAccessError)`.
 */
export abstract class SessionAccessError extends HttpException {
  /** The HTTP status of the response. */
  readonly statusCode: number;

  protected constructor(
    /** Stable, machine-readable reason, also in the body of the response. */
    readonly code: string,
    message: string,
    status: HttpStatus,
    /** Further information for the client, also in the body of the response. */
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super({ statusCode: status, code, message, ...details }, status);
    this.message = message;
    this.statusCode = status;
  }
}
