import type { Session } from 'nest-session';
import { countOf } from '../cart/cart.js';
import { html, type Content } from './html.js';
import { renderPage } from './layout.js';
import { timeOf } from './time.js';

/** Facts of the session. Its id is a secret and never shown. */
export function sessionPage(session: Session, notices: readonly string[]): string {
  return renderPage({
    title: 'Your session',
    path: '/session',
    session,
    notices,
    content: html`<h1>Your session</h1>
      ${session.isNew ? none() : facts(session)}`,
  });
}

function none(): Content {
  return html`
    <p class="lead">You have none yet: no cookie here, no row in the database.</p>
    <p>Put something into your <a href="/cart">cart</a> or <a href="/sign-in">sign in</a>, and look again.</p>
  `;
}

function facts(session: Session): Content {
  const fact = (name: string, value: Content) =>
    html`<div>
      <dt>${name}</dt>
      <dd>${value}</dd>
    </div>`;
  return html`
    <p class="lead">Your browser has a cookie with a random id. The rest is in the database.</p>
    <dl>
      ${fact('Began', timeOf(session.createdAt))} ${fact('Last seen', timeOf(session.lastSeenAt))}
      ${fact('Ends, unless you come back', timeOf(session.expiresAt))}
      ${fact('Signed in', session.authenticatedAt ? timeOf(session.authenticatedAt) : 'No')}
      ${fact('Things in the cart', countOf(session.cart ?? []))} ${fact('Notes', session.notes?.length ?? 0)}
    </dl>
    <p>“Last seen” may be a minute behind, so that looking around costs no write.</p>
  `;
}
