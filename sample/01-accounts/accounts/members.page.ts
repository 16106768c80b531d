import type { Session } from 'nest-session';
import { html } from '../pages/html.js';
import { renderPage } from '../pages/layout.js';
import { timeOf } from '../pages/time.js';
import type { User } from '../users/user.entity.js';

export function membersPage(session: Session, user: User, notices: readonly string[]): string {
  return renderPage({
    title: 'Members',
    path: '/members',
    session,
    notices,
    content: html`
      <h1>Members</h1>
      <p class="lead">Only members see this page. You are one, ${user.name}.</p>
      <dl>
        <div>
          <dt>Member since</dt>
          <dd>${timeOf(user.createdAt)}</dd>
        </div>
        <div>
          <dt>Signed in</dt>
          <dd>${session.authenticatedAt && timeOf(session.authenticatedAt)}</dd>
        </div>
      </dl>
      <p>Your <a href="/notes">notes</a> and your <a href="/cart">cart</a> are where you left them.</p>
      <p>See <a href="/devices">your devices</a>, or <a href="/password">change your password</a>.</p>
    `,
  });
}
