import type { SessionInfo } from 'nest-session';
import { facts } from '../pages/facts.js';
import { csrfField } from '../pages/fields.js';
import { html, type Content } from '../pages/html.js';
import { type PageContext, renderPage } from '../pages/layout.js';
import { timeOf } from '../pages/time.js';
import { deviceName } from './device-name.js';

/** The handles in this page are not secret: nobody can sign in with one. */
export function devicesPage(context: PageContext, devices: readonly SessionInfo[]): string {
  const csrf = csrfField(context.csrf);
  return renderPage(context, {
    title: 'Your devices',
    path: '/devices',
    content: html`
      <h1>Your devices</h1>
      <p class="lead">
        You are signed in here. If you do not know a device, sign it out and
        <a href="/password">change your password</a>.
      </p>
      <ul class="devices">
        ${devices.map((device) => deviceItem(device, csrf))}
      </ul>
      ${
        devices.length > 1 &&
        html`<form method="post" action="/devices/end-others">
          ${csrf}
          <button>Sign out all other devices</button>
        </form>`
      }
      <p class="hint">“Last seen” can be up to a minute old.</p>
    `,
  });
}

function deviceItem(device: SessionInfo, csrf: Content): Content {
  const { handle, current, userId, actor, userAgent, ip, authenticatedAt, lastSeenAt, isBound } = device;
  const name = deviceName(userAgent);
  return html`<li>
    <h2>${name}${current && html` <span class="badge">This device</span>`}</h2>
    ${facts({
      Address: ip ?? 'Unknown',
      'Signed in': authenticatedAt && timeOf(authenticatedAt),
      'Last seen': timeOf(lastSeenAt),
      // The user is the actor of such a session (`session.actAs()`), which nobody else sees.
      ...(actor !== undefined && { 'Acting for': `User ${userId}` }),
      // Undefined over plain HTTP, where nothing can be bound.
      ...(isBound !== undefined && {
        Protection: isBound
          ? 'Bound to the device: a copied cookie stops working'
          : 'None: this browser binds no sessions',
      }),
    })}
    <form method="post" action="${current ? '/sign-out' : `/devices/${handle}/end`}">
      ${csrf}
      <button class="quiet" aria-label="Sign out ${current ? 'this device' : name}">Sign out</button>
    </form>
  </li>`;
}
