import { html } from './html.js';
import { type PageContext, renderPage } from './layout.js';

export function homePage(context: PageContext): string {
  const { userId, userName } = context.session ?? {};
  return renderPage(context, {
    title: 'Welcome',
    path: '/',
    content: html`
      <h1>${userId === undefined ? 'Welcome' : `Good to see you, ${userName}`}</h1>
      <p class="lead">
        This is a small shop with accounts. Everything it remembers about you is in your session.
      </p>
      <ul class="cards">
        <li>
          <h2><a href="/cart">Fill a cart</a></h2>
          <p>You need no account. Your cart stays with you when you sign in.</p>
        </li>
        <li>
          <h2><a href="/notes">Write notes</a></h2>
          <p>You need to sign in. Notes stay until you sign out.</p>
        </li>
        <li>
          <h2><a href="/devices">See your devices</a></h2>
          <p>You see where you are signed in, and can sign out any device.</p>
        </li>
        <li>
          <h2><a href="/session">Look at your session</a></h2>
          <p>You see when it started, when it ends, and what it holds.</p>
        </li>
      </ul>
    `,
  });
}
