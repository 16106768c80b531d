import { Injectable } from '@nestjs/common';
import { PassportSerializer } from '@nestjs/passport';
import type { User } from '../../01-accounts/users/user.entity.js';
import { UsersService } from '../../01-accounts/users/users.service.js';

/**
 * What the session keeps of a user: the id alone, as `passport.user`. The session counts as theirs by that: the user of
 * every request is read anew, and one who does not exist any more is signed out.
 */
@Injectable()
export class UserSerializer extends PassportSerializer {
  constructor(private readonly users: UsersService) {
    super();
  }

  serializeUser(user: User, done: (error: unknown, id?: string) => void): void {
    done(null, user.id);
  }

  deserializeUser(id: string, done: (error: unknown, user?: User | null) => void): void {
    this.users.findById(id).then((user) => done(null, user), done);
  }
}
