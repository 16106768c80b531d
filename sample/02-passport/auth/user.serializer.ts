import { Injectable } from '@nestjs/common';
import { PassportSerializer } from '@nestjs/passport';
import type { User } from '../../01-accounts/users/user.entity.js';
import { UsersService } from '../../01-accounts/users/users.service.js';

/**
 * The session contains only the user's id, as `passport.user`. The session belongs to that user. The user is read again
 * for every request; a user who does not exist any more is signed out.
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
