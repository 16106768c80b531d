import type { Session } from 'nest-session';
import { countOf } from '../cart/cart.js';
import { html, type Content } from './html.js';
import { csrfField } from './fields.js';

/** What the handler of a page passes on. */
export interface PageContext {
  /** Undefined on an error page, if the session could not be loaded. */
  readonly session: Session | undefined;
  /** What `@CsrfToken()` injects. Pages that visitors can open have none, because a token starts a session. */
  readonly csrf?: string;
  /** What `@Flash('notice')` injects. */
  readonly notices?: readonly string[];
}

export interface Page {
  readonly title: string;
  /** The path in the navigation that this page belongs to. */
  readonly path?: string;
  readonly content: Content;
}

/** A whole page, as text. */
export function renderPage(context: PageContext, { title, path, content }: Page): string {
  const { notices = [] } = context;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} – Paper &amp; Field</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/style.css" />
        <script type="module" src="/page.js"></script>
      </head>
      <body>
        <a class="skip" href="#main">Skip to the content</a>
        <header>${navigation(context, path)}</header>
        <main id="main">
          ${notices.length > 0 && html`<div class="notice" role="status" id="notice">${notices.map(paragraph)}</div>`}
          ${content}
        </main>
      </body>
    </html> `.text;
}

function navigation({ session, csrf }: PageContext, path: string | undefined): Content {
  const count = countOf(session?.cart ?? []);
  const isSignedIn = session?.userId !== undefined;
  const link = (to: string, label: Content) =>
    html`<li><a href="${to}" ${to === path && html`aria-current="page"`}>${label}</a></li>`;
  return html`<nav aria-label="Main">
    <a class="brand" href="/">Paper &amp; Field</a>
    <ul>
      ${link('/cart', html`Shop${count > 0 && html` <span class="badge">${count} in cart</span>`}`)}
      ${isSignedIn && [link('/notes', 'Notes'), link('/devices', 'Devices')]} ${link('/session', 'Session')}
    </ul>
    <ul class="account">
      ${session !== undefined && !isSignedIn && [link('/sign-in', 'Sign in'), link('/sign-up', 'Sign up')]}
      ${
        isSignedIn && [
          link('/account', html`<span class="who">${session.userName}</span>`),
          html`<li>
            <form method="post" action="/sign-out">
              ${csrfField(csrf)}
              <button class="quiet">Sign out</button>
            </form>
          </li>`,
        ]
      }
    </ul>
  </nav>`;
}

function paragraph(text: string): Content {
  return html`<p>${text}</p>`;
}
