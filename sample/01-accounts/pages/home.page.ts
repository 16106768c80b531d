import type { Session } from 'nest-session';
import { html } from './html.js';
import { renderPage } from './layout.js';

export function homePage(session: Session, notices: readonly string[]): string {
  const isMember = session.userId !== undefined;
  return renderPage({
    title: 'Welcome',
    path: '/',
    session,
    notices,
    content: html`
      <h1>${isMember ? html`Good to see you, ${session.userName}` : 'Welcome'}</h1>
      <p class="lead">
        A small shop with a notebook for its members. Everything it remembers is in your session.
      </p>
      <ul class="cards">
        <li>
          <h2><a href="/cart">Fill a cart</a></h2>
          <p>No account needed. Your cart stays with you when you sign in.</p>
        </li>
        <li>
          <h2><a href="/notes">Write notes</a></h2>
          <p>For members: they are there until you sign out.</p>
        </li>
        <li>
          <h2><a href="/session">Look at your session</a></h2>
          <p>When it began, when it ends, and what it holds.</p>
        </li>
      </ul>
    `,
  });
}
