import { csrfField, inputField } from '../pages/fields.js';
import { html } from '../pages/html.js';
import { type PageContext, renderPage } from '../pages/layout.js';
import { SHORTEST_PASSWORD } from './account-form.js';

export interface PasswordErrors {
  readonly current?: string;
  readonly password?: string;
}

export function passwordPage(context: PageContext, errors?: PasswordErrors): string {
  return renderPage(context, {
    title: errors === undefined ? 'Change your password' : 'Error: Change your password',
    path: '/account',
    content: html`
      <h1>Change your password</h1>
      <p class="lead">This signs out all your other devices.</p>
      <form method="post" action="/password" class="account-form" novalidate>
        ${csrfField(context.csrf)}
        <input type="text" autocomplete="username" value="${context.session?.userName}" readonly hidden />
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
          hint: `At least ${SHORTEST_PASSWORD} characters.`,
          error: errors?.password,
        })}
        <button>Change password</button>
      </form>
    `,
  });
}
