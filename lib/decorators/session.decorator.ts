import { createParamDecorator, type ExecutionContext, type PipeTransform, type Type } from '@nestjs/common';
import type { SessionData, SessionKey } from '../core/session-data.js';
import { handOut } from '../core/session-access.js';
import { SESSION_MEMBERS, type SessionObject } from '../core/session.js';
import { withSession } from '../transport/with-session.js';

/** A visitor's session: your {@link SessionData} and the members of {@link SessionObject}. */
export type Session = SessionObject & SessionData;

type Pipe = Type<PipeTransform> | PipeTransform;

const SessionParam: (key?: string | Pipe, ...pipes: Pipe[]) => ParameterDecorator = createParamDecorator(
  (key: string | undefined, context: ExecutionContext): unknown =>
    withSession<unknown>(context, (session) => {
      const value = key === undefined ? session : valueIn(session, key);
      // Text, a number and the like need no comparison afterwards.
      if (typeof value === 'object' || typeof value === 'function') handOut(session);
      return value;
    }),
) as never;

function valueIn(session: Session, key: string): unknown {
  const isKnown = Object.hasOwn(session, key) || SESSION_MEMBERS.has(key);
  return isKnown ? (session as unknown as Record<string, unknown>)[key] : undefined;
}

/**
 * Injects the session, or one key of its data, into a handler. In lazy mode it loads the session first.
 *
 * @param key - A key of {@link SessionData}, or a member such as `handle`. Without a key you get the whole session. Pipes may
 * follow the key, or be used without a key. The compiler checks the key once you declare `SessionData`.
 * @example
 * ```ts
 * @Get('cart')  cart(@Session('cart') cart: CartItem[] = []) { return cart; }
 * @Post('cart') add(@Session() session: Session, @Body() item: CartItem) { (session.cart ??= []).push(item); }
 * ```
 */
export function Session(key?: SessionKey | keyof SessionObject | Pipe, ...pipes: Pipe[]): ParameterDecorator {
  const decorate = SessionParam(key, ...pipes);
  return (target, method, index) => {
    correctType(target, method, index);
    decorate(target, method, index);
  };
}

/** The metadata key under which compilers store the types of a method's parameters. */
const PARAMETER_TYPES = 'design:paramtypes';

/**
 * Replaces the metadata type of a parameter that is declared as `Session` with `Object`. A compiler that compiles one
 * file at a time stores the decorator `Session` as the type, and pipes such as `ValidationPipe` would call it with
 * `new`. They ignore values of the type `Object`. The types are stored before parameter decorators run.
 */
function correctType(target: object, method: string | symbol | undefined, index: number): void {
  if (method === undefined) return;
  const types = Reflect.getOwnMetadata(PARAMETER_TYPES, target, method) as unknown[] | undefined;
  if (types?.[index] !== Session) return;
  const corrected = types.map((type, at) => (at === index ? Object : type));
  Reflect.defineMetadata(PARAMETER_TYPES, corrected, target, method);
}
