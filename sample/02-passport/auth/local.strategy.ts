import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { Strategy } from 'passport-local';
import type { User } from '../../01-accounts/users/user.entity.js';
import { UsersService } from '../../01-accounts/users/users.service.js';

/** Finds the user with this name and password. Without such a user, the response is 401. */
@Injectable()
export class LocalStrategy extends PassportStrategy(Strategy) {
  constructor(private readonly users: UsersService) {
    super({ usernameField: 'name' });
  }

  validate(name: string, password: string): Promise<User | undefined> {
    return this.users.authenticate(name, password);
  }
}
