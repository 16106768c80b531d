import { fieldOf } from '../pages/form-body.js';
import { localPath } from './local-path.js';

/** What the forms for signing in and signing up send. */
export interface AccountForm {
  readonly name: string;
  readonly password: string;
  /** Where to go afterwards. */
  readonly next: string;
}

export interface AccountErrors {
  readonly name?: string;
  readonly password?: string;
}

export const SHORTEST_PASSWORD = 8;
const LONGEST_NAME = 40;

export function readAccountForm(body: unknown): AccountForm {
  return {
    name: fieldOf(body, 'name').trim(),
    password: fieldOf(body, 'password'),
    next: localPath(fieldOf(body, 'next')),
  };
}

/** What is wrong with the name and the password of a new account, or undefined. */
export function accountErrors({ name, password }: AccountForm): AccountErrors | undefined {
  const wrongPassword = passwordError(password);
  const errors = {
    ...(name === '' && { name: 'Choose a name.' }),
    ...(name.length > LONGEST_NAME && {
      name: `Choose a shorter name, of at most ${LONGEST_NAME} characters.`,
    }),
    ...(wrongPassword !== undefined && { password: wrongPassword }),
  };
  return Object.keys(errors).length > 0 ? errors : undefined;
}

/** What is wrong with a new password, or undefined. */
export function passwordError(password: string): string | undefined {
  if (password.length >= SHORTEST_PASSWORD) return undefined;
  return `Choose a longer password, of at least ${SHORTEST_PASSWORD} characters.`;
}
