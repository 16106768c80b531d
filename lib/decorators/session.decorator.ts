import { createParamDecorator, type ExecutionContext, type PipeTransform, type Type } from '@nestjs/common';
import type { SessionData } from '../core/session-data.js';
import { SESSION_MEMBERS, type SessionObject } from '../core/session.js';
import { withSession } from '../transport/with-session.js';

/** A visitor's session: your {@link SessionData} and the members of {@link SessionObject}. */
export type Session = SessionObject & SessionData;

type Pipe = Type<PipeTransform> | PipeTransform;

const SessionParam = createParamDecorator(
  (key: string | undefined, context: ExecutionContext): Promise<unknown> =>
    withSession<unknown>(context, (session) => {
      if (key === undefined) return session;
      const known = Object.hasOwn(session, key) || SESSION_MEMBERS.has(key);
      return known ? (session as unknown as Record<string, unknown>)[key] : undefined;
    }),
);

/**
 * Injects the session, or one key of its data, into a handler. Loads it first, in lazy mode.
 *
 * @param key - The key to inject; without it the whole session. Pipes may follow (or stand alone).
 * @example
 * ```ts
 * @Get('cart')  cart(@Session('cart') cart: CartItem[] = []) { return cart; }
 * @Post('cart') add(@Session() session: Session, @Body() item: CartItem) { (session.cart ??= []).push(item); }
 * ```
 */
export const Session: (key?: string | Pipe, ...pipes: Pipe[]) => ParameterDecorator = SessionParam as never;
