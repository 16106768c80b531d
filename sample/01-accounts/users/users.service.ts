import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { QueryFailedError, Repository } from 'typeorm';
import { hashPassword, isPassword } from './password.js';
import { User } from './user.entity.js';

const UNIQUE_VIOLATION = '23505';

@Injectable()
export class UsersService {
  /** The password of an unknown name. Checking it takes as long as for a known name, so that names cannot be guessed. */
  #nobody: Promise<string> | undefined;

  constructor(@InjectRepository(User) private readonly users: Repository<User>) {}

  /** The new user, or undefined if the name is taken. */
  async create(name: string, password: string): Promise<User | undefined> {
    const user = this.users.create({
      id: randomUUID(),
      name,
      nameKey: keyOf(name),
      password: await hashPassword(password),
    });
    try {
      await this.users.insert(user);
      return user;
    } catch (error) {
      if (isUniqueViolation(error)) return undefined;
      throw error;
    }
  }

  /** The user with this name and password, or undefined. */
  async authenticate(name: string, password: string): Promise<User | undefined> {
    const user = await this.users.findOneBy({ nameKey: keyOf(name) });
    const stored = user?.password ?? (await (this.#nobody ??= hashPassword(randomUUID())));
    return (await isPassword(password, stored)) ? (user ?? undefined) : undefined;
  }

  /** Changes the password, if `current` is right and `next` is another one. Of two changes at the same time, one counts. */
  async changePassword(id: string, current: string, next: string): Promise<'changed' | 'wrong' | 'same'> {
    const user = await this.users.findOneBy({ id });
    if (user === null || !(await isPassword(current, user.password))) return 'wrong';
    if (await isPassword(next, user.password)) return 'same';
    const asChecked = { id, password: user.password };
    const { affected } = await this.users.update(asChecked, { password: await hashPassword(next) });
    return affected === 1 ? 'changed' : 'wrong';
  }

  /** Whether the user's password is still the one that was checked. */
  async hasStill({ id, password }: User): Promise<boolean> {
    return this.users.existsBy({ id, password });
  }

  findById(id: string): Promise<User | null> {
    return this.users.findOneBy({ id });
  }
}

function keyOf(name: string): string {
  return name.normalize('NFKC').toLowerCase();
}

function isUniqueViolation(error: unknown): boolean {
  return (
    error instanceof QueryFailedError && (error.driverError as { code?: string }).code === UNIQUE_VIOLATION
  );
}
