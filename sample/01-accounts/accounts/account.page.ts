import type { Session } from 'nest-session';
import { facts } from '../pages/facts.js';
import { html } from '../pages/html.js';
import { type PageContext, renderPage } from '../pages/layout.js';
import { timeOf } from '../pages/time.js';
import type { User } from '../users/user.entity.js';

export function accountPage(context: PageContext & { session: Session }, user: User): string {
  const { authenticatedAt } = context.session;
  return renderPage(context, {
    title: 'Your account',
    path: '/account',
    content: html`
      <h1>Your account</h1>
      ${facts({
        Name: user.name,
        'Member since': timeOf(user.createdAt),
        'Signed in': authenticatedAt && timeOf(authenticatedAt),
      })}
      <ul class="cards">
        <li>
          <h2><a href="/devices">Devices</a></h2>
          <p>See where you are signed in, and sign out other devices.</p>
        </li>
        <li>
          <h2><a href="/password">Change your password</a></h2>
          <p>This signs out all your other devices.</p>
        </li>
      </ul>
    `,
  });
}
