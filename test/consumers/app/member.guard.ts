import { Injectable, type ExecutionContext } from '@nestjs/common';
import { SessionGuard } from 'nest-session';

/** A guard of the application's own, made of the package's. */
@Injectable()
export class MemberGuard extends SessionGuard {
  override async canActivate(context: ExecutionContext): Promise<boolean> {
    const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, unknown> }>();
    return headers['x-banned'] === undefined && (await super.canActivate(context));
  }
}
