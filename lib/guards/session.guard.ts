import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { SessionRequirement } from '../decorators/require-session.decorator.js';
import type { Session } from '../decorators/session.decorator.js';
import { SessionForbiddenError, SessionRequiredError } from '../errors/session-access.error.js';
import { loadSession } from '../http/load-session.js';
import { requestOf } from '../http/request-of.js';
import { ANONYMOUS, REQUIREMENTS } from '../session.constants.js';

/**
 * Lets requests with a session pass: 401 for a visitor without one, 403 where `@RequireSession(...)` is not satisfied.
 * As `APP_GUARD` it guards the whole application but what is `@AllowAnonymous()`. Every step can be overridden.
 *
 * @example
 * ```ts
 * @UseGuards(SessionGuard) @Get('me') me(@Session('userId') id: string) { … }
 * ```
 */
@Injectable()
export class SessionGuard implements CanActivate {
  constructor(protected readonly reflector: Reflector) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (this.isOpen(context)) return true;
    const session = await this.getSession(context);
    if (!this.isPresent(session)) throw this.whenAbsent(context);
    for (const requirement of this.getRequirements(context)) {
      if (!(await this.isSatisfied(requirement, session, context))) throw this.whenRefused(context);
    }
    return true;
  }

  /** Whether the route is open to everybody. What stands on the method counts more than what stands on the class. */
  protected isOpen(context: ExecutionContext): boolean {
    const handler = context.getHandler();
    if (this.reflector.get<boolean | undefined>(ANONYMOUS, handler)) return true;
    if (this.reflector.get<unknown>(REQUIREMENTS, handler) !== undefined) return false;
    return this.reflector.get<boolean | undefined>(ANONYMOUS, context.getClass()) ?? false;
  }

  /** What the route asks of a session: of its class and of its method. */
  protected getRequirements(context: ExecutionContext): readonly SessionRequirement[] {
    const all = this.reflector.getAll<(readonly SessionRequirement[] | undefined)[]>(REQUIREMENTS, [
      context.getClass(),
      context.getHandler(),
    ]);
    return all.flatMap((requirements) => requirements ?? []);
  }

  /** The session of the request, loaded if need be. */
  protected getSession(context: ExecutionContext): Promise<Session> {
    return loadSession(requestOf(context));
  }

  /** Whether the visitor has a session: a stored one, or one that got data earlier in this request. */
  protected isPresent(session: Session): boolean {
    return !session.isNew || Object.keys(session).length > 0;
  }

  /** Whether one requirement holds. */
  protected async isSatisfied(
    requirement: SessionRequirement,
    session: Session,
    context: ExecutionContext,
  ): Promise<boolean> {
    if (typeof requirement === 'function') return (await requirement(session, context)) === true;
    return (
      Object.hasOwn(session, requirement) &&
      (session as unknown as Record<string, unknown>)[requirement] != null
    );
  }

  /** The error for a visitor without a session. */
  protected whenAbsent(_context: ExecutionContext): Error {
    return new SessionRequiredError();
  }

  /** The error for a session that does not qualify. */
  protected whenRefused(_context: ExecutionContext): Error {
    return new SessionForbiddenError();
  }
}
