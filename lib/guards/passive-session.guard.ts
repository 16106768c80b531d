import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { noteHandler } from '../transport/request-of.js';

/** Tells the session of a request what `@PassiveSession()` says of the handler. Lets every request pass. */
@Injectable()
export class PassiveSessionGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    noteHandler(context);
    return true;
  }
}
