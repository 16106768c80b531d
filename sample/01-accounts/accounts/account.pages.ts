import type { Session } from 'nest-session';
import { inputField } from '../pages/fields.js';
import { html, type Content } from '../pages/html.js';
import { renderPage } from '../pages/layout.js';
import { type AccountErrors, SHORTEST_PASSWORD } from './account-form.js';
import { withNext } from './local-path.js';

export interface AccountView {
  readonly session: Session;
  readonly notices?: readonly string[];
  /** What was typed; a password is never sent back. */
  readonly name?: string | undefined;
  readonly next: string;
  readonly errors?: AccountErrors;
}

export function signUpPage({ session, notices = [], name, next, errors = {} }: AccountView): string {
  return renderPage({
    title: titleOf('Sign up', errors),
    path: '/sign-up',
    session,
    notices,
    content: html`
      <h1>Sign up</h1>
      <form method="post" action="/sign-up" class="account-form" novalidate>
        ${hiddenNext(next)}
        ${inputField({ name: 'name', label: 'Name', autocomplete: 'username', value: name, error: errors.name })}
        ${inputField({
          name: 'password',
          label: 'Password',
          type: 'password',
          autocomplete: 'new-password',
          hint: `${SHORTEST_PASSWORD} characters at least.`,
          error: errors.password,
        })}
        <button>Sign up</button>
      </form>
      <p>You have an account? <a href="${withNext('/sign-in', next)}">Sign in</a></p>
    `,
  });
}

export interface SignInView extends AccountView {
  /** Above the form: why one is here. */
  readonly reason?: string | undefined;
}

export function signInPage({ session, notices = [], name, next, errors = {}, reason }: SignInView): string {
  const isMember = session.userId !== undefined;
  const title = isMember ? 'Sign in again' : 'Sign in';
  return renderPage({
    title: titleOf(title, errors),
    path: '/sign-in',
    session,
    notices,
    content: html`
      <h1>${title}</h1>
      ${reason && html`<p class="lead">${reason}</p>`}
      <form method="post" action="/sign-in" class="account-form" novalidate>
        ${hiddenNext(next)}
        ${inputField({ name: 'name', label: 'Name', autocomplete: 'username', value: name })}
        ${inputField({
          name: 'password',
          label: 'Password',
          type: 'password',
          autocomplete: 'current-password',
          error: errors.password,
        })}
        <button>Sign in</button>
      </form>
      ${!isMember && html`<p>No account yet? <a href="${withNext('/sign-up', next)}">Sign up</a></p>`}
    `,
  });
}

function hiddenNext(next: string): Content {
  return html`<input type="hidden" name="next" value="${next}" />`;
}

/** Screen readers read the title first. */
function titleOf(title: string, errors: AccountErrors): string {
  return Object.keys(errors).length === 0 ? title : `Error: ${title}`;
}
