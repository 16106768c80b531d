import { type ExecutionContext, Injectable } from '@nestjs/common';
import { type LoginRequirement, type Session, SessionGuard } from 'nest-session';

/** Requires the second factor only of users who have set one up. For the others, the password is enough. */
@Injectable()
export class AccountGuard extends SessionGuard {
  protected override isSure(session: Session, login: LoginRequirement): boolean {
    return super.isSure(session, session.hasSecondFactor ? login : { ...login, level: 1 });
  }

  protected override whenTooLow(context: ExecutionContext, level: number): Error {
    const { session } = context.switchToHttp().getRequest<{ session: Session }>();
    return session.hasSecondFactor ? super.whenTooLow(context, level) : this.whenStale(context);
  }
}
