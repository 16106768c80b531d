import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { noteHandler } from '../transport/request-of.js';

/** Applies `@PassiveSession()` of the handler to the session of the request. It admits every request. */
@Injectable()
export class PassiveSessionGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    noteHandler(context);
    return true;
  }
}
