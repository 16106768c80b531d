import { Injectable } from '@nestjs/common';
import { PassportSerializer, PassportStrategy } from '@nestjs/passport';
import type { Request } from 'express';
import { randomUUID } from 'node:crypto';
import passport from 'passport';
import { Strategy as LocalPassportStrategy } from 'passport-local';

export interface Person {
  readonly id: number;
  readonly name: string;
}

export const ANN: Person = { id: 42, name: 'ann' };
export const BOB: Person = { id: 43, name: 'bob' };
const PEOPLE = [ANN, BOB];

export const PASSWORDS: Record<string, string> = {
  ann: 'what ann alone knows',
  bob: 'what bob alone knows',
};

/** What somebody sends to sign in. */
export function credentials(
  person: Person,
  password = PASSWORDS[person.name],
): { username: string; password: string } {
  return { username: person.name, password: password! };
}

/** People whose accounts were deleted. */
export const gone = new Set<number>();

/** A name and a password. */
@Injectable()
export class LocalStrategy extends PassportStrategy(LocalPassportStrategy) {
  validate(username: string, password: string): Person | undefined {
    return PEOPLE.find(({ name }) => name === username && PASSWORDS[name] === password);
  }
}

type State = Record<string, { state?: string } | undefined>;

/**
 * Another site that says who somebody is, as with OAuth 2: the way there and the way back are redirects, and what must
 * come back is in the session.
 */
class ProviderPassportStrategy extends passport.Strategy {
  constructor(
    private readonly verify: (name: string, done: (error: unknown, user?: Person) => void) => void,
  ) {
    super();
  }

  override authenticate(this: passport.StrategyCreated<this> & this, req: Request): void {
    const session = req.session as unknown as State;
    const { code, state } = req.query as { code?: string; state?: string };
    if (code === undefined) {
      session.provider = { state: randomUUID() };
      return this.redirect(`/provider?code=ann&state=${session.provider.state}`);
    }
    const expected = session.provider?.state;
    delete session.provider;
    if (expected === undefined || state !== expected) return this.fail(401);
    this.verify(code, (error, user) => (user ? this.success(user) : this.error(error)));
  }
}

@Injectable()
export class ProviderStrategy extends PassportStrategy(ProviderPassportStrategy, 'provider') {
  validate(username: string): Person | undefined {
    return PEOPLE.find(({ name }) => name === username);
  }
}

/** A key in a header, for programs. */
class KeyPassportStrategy extends passport.Strategy {
  constructor(private readonly verify: (key: string, done: (error: unknown, user?: Person) => void) => void) {
    super();
  }

  override authenticate(this: passport.StrategyCreated<this> & this, req: Request): void {
    const key = req.get('x-key');
    if (key === undefined) return this.fail(401);
    this.verify(key, (_error, user) => (user ? this.success(user) : this.fail(401)));
  }
}

@Injectable()
export class KeyStrategy extends PassportStrategy(KeyPassportStrategy, 'key') {
  validate(key: string): Person | undefined {
    return key === 'the key of bob' ? BOB : undefined;
  }
}

type Done = (error: unknown, value?: unknown) => void;

@Injectable()
export class PersonSerializer extends PassportSerializer {
  serializeUser(person: Person, done: Done): void {
    done(null, person.id);
  }

  deserializeUser(id: number, done: Done): void {
    done(null, PEOPLE.find((person) => person.id === id && !gone.has(id)) ?? null);
  }
}
