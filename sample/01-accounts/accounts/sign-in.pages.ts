import { inputField } from '../pages/fields.js';
import { html, type Content } from '../pages/html.js';
import { type PageContext, renderPage } from '../pages/layout.js';
import { type AccountErrors, SHORTEST_PASSWORD } from './account-form.js';
import { withNext } from './local-path.js';

export interface SignUpView {
  /** What was typed. A password is never sent back. */
  readonly name?: string | undefined;
  readonly next: string;
  readonly errors?: AccountErrors;
}

export interface SignInView extends SignUpView {
  /** Why the visitor sees the form. */
  readonly reason?: string | undefined;
}

export function signUpPage(context: PageContext, { name, next, errors = {} }: SignUpView): string {
  return renderPage(context, {
    title: titleOf('Sign up', errors),
    path: '/sign-up',
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
          hint: `At least ${SHORTEST_PASSWORD} characters.`,
          error: errors.password,
        })}
        <button>Sign up</button>
      </form>
      <p>Do you have an account? <a href="${withNext('/sign-in', next)}">Sign in</a></p>
    `,
  });
}

export function signInPage(context: PageContext, { name, next, errors = {}, reason }: SignInView): string {
  const isSignedIn = context.session?.userId !== undefined;
  const title = isSignedIn ? 'Sign in again' : 'Sign in';
  return renderPage(context, {
    title: titleOf(title, errors),
    path: '/sign-in',
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
      ${!isSignedIn && html`<p>No account yet? <a href="${withNext('/sign-up', next)}">Sign up</a></p>`}
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
