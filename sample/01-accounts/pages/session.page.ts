import type { Session } from 'nest-session';
import { countOf } from '../cart/cart.js';
import { facts } from './facts.js';
import { html, type Content } from './html.js';
import { type PageContext, renderPage } from './layout.js';
import { timeOf } from './time.js';

/** Facts about the session. Its id is a secret and never shown. */
export function sessionPage(context: PageContext & { session: Session }): string {
  const { session } = context;
  return renderPage(context, {
    title: 'Your session',
    path: '/session',
    content: html`
      <h1>Your session</h1>
      ${session.isNew ? noSession() : aboutSession(session)}
    `,
  });
}

function noSession(): Content {
  return html`
    <p class="lead">You have no session yet: no cookie in your browser, no row in the database.</p>
    <p>Put something into your <a href="/cart">cart</a> or <a href="/sign-in">sign in</a>, and come back.</p>
  `;
}

function aboutSession(session: Session): Content {
  return html`
    <p class="lead">Your browser has a cookie with a random id. Everything else is in the database.</p>
    ${facts({
      Started: timeOf(session.createdAt),
      'Last seen': timeOf(session.lastSeenAt),
      'Ends, unless you come back': timeOf(session.expiresAt),
      'Signed in': session.authenticatedAt ? timeOf(session.authenticatedAt) : 'No',
      'Items in the cart': countOf(session.cart ?? []),
      Notes: session.notes?.length ?? 0,
    })}
    <p class="hint">“Last seen” can be up to a minute old. This saves a write for most pages you look at.</p>
  `;
}
