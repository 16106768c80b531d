import type { Session } from 'nest-session';
import { inputField } from '../pages/fields.js';
import { html } from '../pages/html.js';
import { renderPage } from '../pages/layout.js';
import { SHORTEST_PASSWORD } from './account-form.js';

export interface PasswordErrors {
  readonly current?: string;
  readonly password?: string;
}

export interface PasswordView {
  readonly session: Session;
  readonly notices?: readonly string[];
  readonly errors?: PasswordErrors;
}

export function passwordPage({ session, notices = [], errors }: PasswordView): string {
  return renderPage({
    title: errors === undefined ? 'Change your password' : 'Error: Change your password',
    path: '/members',
    session,
    notices,
    content: html`
      <h1>Change your password</h1>
      <p class="lead">All your other devices are signed out with it.</p>
      <form method="post" action="/password" class="account-form" novalidate>
        <input type="text" autocomplete="username" value="${session.userName}" readonly hidden />
        ${inputField({
          name: 'current',
          label: 'Current password',
          type: 'password',
          autocomplete: 'current-password',
          error: errors?.current,
        })}
        ${inputField({
          name: 'password',
          label: 'New password',
          type: 'password',
          autocomplete: 'new-password',
          hint: `${SHORTEST_PASSWORD} characters at least.`,
          error: errors?.password,
        })}
        <button>Change it</button>
      </form>
    `,
  });
}
