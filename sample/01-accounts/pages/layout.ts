import type { Session } from 'nest-session';
import { countOf } from '../cart/cart.js';
import { html, type Content } from './html.js';

export interface Page {
  readonly title: string;
  /** The path in the navigation that this page belongs to. */
  readonly path: string;
  readonly session: Session;
  /** What `@Flash('notice')` has brought. */
  readonly notices?: readonly string[];
  readonly content: Content;
}

/** A whole page, as text. */
export function renderPage({ title, path, session, notices = [], content }: Page): string {
  const cart = countOf(session.cart ?? []);
  const link = (to: string, label: Content) =>
    html`<li><a href="${to}" ${to === path && html`aria-current="page"`}>${label}</a></li>`;
  const head = html`
    <nav aria-label="Main">
      <a class="brand" href="/">Paper &amp; Field</a>
      <ul>
        ${link('/cart', html`Shop${cart > 0 && html` <span class="count">${cart} in cart</span>`}`)}
        ${link('/notes', 'Notes')} ${link('/members', 'Members')} ${link('/session', 'Session')}
      </ul>
      <ul class="account">
        ${
          session.userId === undefined
            ? html`${link('/sign-in', 'Sign in')} ${link('/sign-up', 'Sign up')}`
            : html`<li>
                <form method="post" action="/sign-out">
                  <span class="who">${session.userName}</span>
                  <button class="quiet">Sign out</button>
                </form>
              </li>`
        }
      </ul>
    </nav>
  `;
  return renderDocument(title, head, [
    notices.length > 0 &&
      html`<div class="notice" role="status">${notices.map((notice) => html`<p>${notice}</p>`)}</div>`,
    content,
  ]);
}

/** A page without a session: for errors, when there may be none. */
export function renderBarePage(title: string, content: Content): string {
  const head = html`<nav aria-label="Main"><a class="brand" href="/">Paper &amp; Field</a></nav>`;
  return renderDocument(title, head, content);
}

function renderDocument(title: string, head: Content, content: Content): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} – Paper &amp; Field</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/style.css" />
      </head>
      <body>
        <a class="skip" href="#main">Skip to the content</a>
        <header>${head}</header>
        <main id="main">${content}</main>
      </body>
    </html> `.text;
}
