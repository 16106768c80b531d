import type { ExecutionContext } from '@nestjs/common';

/** The request that a handler, guard or parameter decorator runs for. */
export function requestOf(context: ExecutionContext): object {
  return context.switchToHttp().getRequest<object>();
}
