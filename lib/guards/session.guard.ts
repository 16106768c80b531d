import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { isActedFor, levelAgeOf, lockOf, loginAgeOf, ownerOf } from '../core/session-access.js';
import type { LoginRequirement } from '../decorators/require-login.decorator.js';
import type { SessionRequirement } from '../decorators/require-session.decorator.js';
import type { Session } from '../decorators/session.decorator.js';
import { DeviceProofRequiredError } from '../errors/access/device-proof-required.error.js';
import { DeviceUnboundError } from '../errors/access/device-unbound.error.js';
import { LoginActingError } from '../errors/access/login-acting.error.js';
import { LoginLevelError } from '../errors/access/login-level.error.js';
import { LoginRequiredError } from '../errors/access/login-required.error.js';
import { LoginStaleError } from '../errors/access/login-stale.error.js';
import { SessionForbiddenError } from '../errors/access/session-forbidden.error.js';
import { SessionRequiredError } from '../errors/access/session-required.error.js';
import type { LockReason } from '../errors/session-locked.error.js';
import { loadSession } from '../http/load-session.js';
import { ANONYMOUS, LOGIN, REQUIREMENTS } from '../session.constants.js';
import { requestOf } from '../transport/request-of.js';
import { withClientErrors } from '../transport/with-session.js';

/**
 * Admits requests with a session. A visitor without a session gets 401. If a requirement of `@RequireSession(...)` is
 * not met, the response is 403. As `APP_GUARD` it guards the whole application, except routes with `@AllowAnonymous()`.
 * You can override every step.
 *
 * It also guards gateways and GraphQL resolvers. It checks the current session for each WebSocket message: after a
 * logout over HTTP, messages of an open socket are refused.
 *
 * @example
 * ```ts
 * @UseGuards(SessionGuard) @Get('me') me(@Session('userId') id: string) { … }
 * ```
 */
@Injectable()
export class SessionGuard implements CanActivate {
  constructor(protected readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): Promise<boolean> {
    return withClientErrors(context, this.#admit(context));
  }

  async #admit(context: ExecutionContext): Promise<boolean> {
    if (this.isOpen(context)) return true;
    const session = await this.getSession(context);
    const lock = lockOf(session);
    if (lock !== undefined) throw this.whenLocked(context, lock.reason);
    const login = this.getLogin(context);
    if (login) this.#requireLogin(session, login, context);
    else if (!this.isPresent(session)) throw this.whenAbsent(context);
    for (const requirement of this.getRequirements(context)) {
      if (!(await this.isSatisfied(requirement, session, context))) throw this.whenRefused(context);
    }
    return true;
  }

  #requireLogin(session: Session, login: LoginRequirement, context: ExecutionContext): void {
    if (ownerOf(session) === undefined) throw this.whenSignedOut(context);
    if (login.self && !this.isSelf(session)) throw this.whenActing(context);
    if (login.level !== undefined && !this.isSure(session, login))
      throw this.whenTooLow(context, login.level);
    if (login.level === undefined && !this.isFresh(session, login)) throw this.whenStale(context);
  }

  /** Whether the route is open to everyone. Decorators of the method override those of the class. */
  protected isOpen(context: ExecutionContext): boolean {
    const handler = context.getHandler();
    const isOpen = this.reflector.get<boolean | undefined>(ANONYMOUS, handler);
    if (isOpen !== undefined) return isOpen;
    if ([REQUIREMENTS, LOGIN].some((key) => this.reflector.get<unknown>(key, handler))) return false;
    return this.reflector.get<boolean | undefined>(ANONYMOUS, context.getClass()) ?? false;
  }

  /** The requirements of the class and of the method. None if the method has `@RequireSession(false)`. */
  protected getRequirements(context: ExecutionContext): readonly SessionRequirement[] {
    const targets = [context.getClass(), context.getHandler()];
    const all = this.reflector.getAll<(readonly SessionRequirement[] | false | undefined)[]>(
      REQUIREMENTS,
      targets,
    );
    if (all.at(-1) === false) return [];
    return all.flatMap((requirements) => (requirements === false ? [] : (requirements ?? [])));
  }

  /**
   * The login that the route requires. `false` if the method removes the rule of its class, undefined without a
   * decorator.
   */
  protected getLogin(context: ExecutionContext): LoginRequirement | false | undefined {
    const targets = [context.getHandler(), context.getClass()];
    return this.reflector.getAllAndOverride<LoginRequirement | false | undefined>(LOGIN, targets);
  }

  /** Whether the login was recent enough. */
  protected isFresh(session: Session, { within }: LoginRequirement): boolean {
    if (within === undefined) return true;
    const age = loginAgeOf(session);
    return age !== undefined && age <= within;
  }

  /** Whether the session has reached the level, and recently enough. */
  protected isSure(session: Session, { level = 0, within = Infinity }: LoginRequirement): boolean {
    const age = levelAgeOf(session, level);
    return age !== undefined && age <= within;
  }

  /** Whether the user is present in person, and the session does not act for the user. */
  protected isSelf(session: Session): boolean {
    return !isActedFor(session);
  }

  /** The session of the request, loaded if necessary. */
  protected getSession(context: ExecutionContext): Promise<Session> {
    return loadSession(requestOf(context));
  }

  /** Whether the visitor has a session: a stored one, or one with data of this request. */
  protected isPresent(session: Session): boolean {
    return !session.isNew || Object.keys(session).length > 0;
  }

  /** Whether one requirement is met. */
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

  /** The error for a session that is bound to a device but has no valid proof, or that must be bound but is not. */
  protected whenLocked(_context: ExecutionContext, reason: LockReason): Error {
    return reason === 'unproved' ? new DeviceProofRequiredError() : new DeviceUnboundError();
  }

  /** The error for a visitor without a session. */
  protected whenAbsent(_context: ExecutionContext): Error {
    return new SessionRequiredError();
  }

  /** The error for a visitor who is not signed in. */
  protected whenSignedOut(_context: ExecutionContext): Error {
    return new LoginRequiredError();
  }

  /** The error if the login was too long ago. */
  protected whenStale(_context: ExecutionContext): Error {
    return new LoginStaleError();
  }

  /** The error if the session has not reached the level, or too long ago. */
  protected whenTooLow(_context: ExecutionContext, level: number): Error {
    return new LoginLevelError(level);
  }

  /** The error if the session acts for the user. */
  protected whenActing(_context: ExecutionContext): Error {
    return new LoginActingError();
  }

  /** The error for a session that does not meet a requirement. */
  protected whenRefused(_context: ExecutionContext): Error {
    return new SessionForbiddenError();
  }
}
