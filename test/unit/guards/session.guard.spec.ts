import { describe, expect, it } from '@jest/globals';
import type { ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import {
  AllowAnonymous,
  RequireLogin,
  RequireSession,
  type Session,
  SessionGuard,
} from '../../../lib/index.js';

/** A visitor's session, which the guard asks for only if the route is not open. */
class TestGuard extends SessionGuard {
  constructor(private readonly data: object | undefined) {
    super(new Reflector());
  }

  protected override getSession(): Promise<Session> {
    return Promise.resolve({ isNew: this.data === undefined, ...this.data } as never);
  }

  /** What isPresent() counts as data. */
  protected override isPresent(session: Session): boolean {
    return !session.isNew;
  }
}

/** What a visitor with this data is told by a guard. */
async function answer(type: object, method: string, data?: object): Promise<number> {
  const context = {
    getType: () => 'http',
    getClass: () => type,
    getHandler: () => (type as { prototype: Record<string, unknown> }).prototype[method],
  } as unknown as ExecutionContext;
  try {
    await new TestGuard(data).canActivate(context);
    return 200;
  } catch (error) {
    return (error as { getStatus(): number }).getStatus();
  }
}

describe('a method takes back the rule of its class', () => {
  it('@RequireSession(false): a session is enough', async () => {
    @RequireSession('role')
    class Controller {
      asClass(): string {
        return 'in';
      }
      @RequireSession(false) takenBack(): string {
        return 'in';
      }
      @RequireSession('cart') more(): string {
        return 'in';
      }
    }
    expect(await answer(Controller, 'asClass', {})).toBe(403);
    expect(await answer(Controller, 'takenBack', {})).toBe(200);
    expect(await answer(Controller, 'takenBack')).toBe(401);
    expect(await answer(Controller, 'more', { cart: [] })).toBe(403);
    expect(await answer(Controller, 'more', { role: 'admin', cart: [] })).toBe(200);
  });

  it('@AllowAnonymous(false): visitors without a session stay out', async () => {
    @AllowAnonymous()
    class Controller {
      asClass(): string {
        return 'in';
      }
      @AllowAnonymous(false) takenBack(): string {
        return 'in';
      }
      @AllowAnonymous() @RequireSession('role') both(): string {
        return 'in';
      }
      @RequireSession(false) asksNothing(): string {
        return 'in';
      }
      @RequireLogin(false) asksNoLogin(): string {
        return 'in';
      }
    }
    expect(await answer(Controller, 'asClass')).toBe(200);
    expect(await answer(Controller, 'takenBack')).toBe(401);
    expect(await answer(Controller, 'takenBack', {})).toBe(200);
    expect(await answer(Controller, 'both')).toBe(200);
    expect(await answer(Controller, 'asksNothing')).toBe(200);
    expect(await answer(Controller, 'asksNoLogin')).toBe(200);
  });
});
