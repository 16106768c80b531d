import { fieldOf } from '../pages/form-body.js';
import { localPath } from './local-path.js';

/** What somebody sent to sign in or up. */
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

/** What is wrong with the name and the password of a new account; undefined for nothing. */
export function accountErrors({ name, password }: AccountForm): AccountErrors | undefined {
  const errors = {
    ...(name === '' && { name: 'Choose a name.' }),
    ...(name.length > LONGEST_NAME && { name: `Choose a shorter name: ${LONGEST_NAME} characters at most.` }),
    ...(password.length < SHORTEST_PASSWORD && {
      password: `Choose a longer password: ${SHORTEST_PASSWORD} characters at least.`,
    }),
  };
  return Object.keys(errors).length > 0 ? errors : undefined;
}
