import { Injectable } from '@nestjs/common';
import { hashPassword, isPassword } from '../01-accounts/users/password.js';

/** The users and their passwords. Here they are in memory; sample 01 has them in a database. */
@Injectable()
export class Accounts {
  private readonly passwords = new Map<string, string>();

  has(name: string): boolean {
    return this.passwords.has(name);
  }

  async setPassword(name: string, password: string): Promise<void> {
    this.passwords.set(name, await hashPassword(password));
  }

  async check(name: string, password: string): Promise<boolean> {
    const stored = this.passwords.get(name);
    return stored !== undefined && (await isPassword(password, stored));
  }
}
