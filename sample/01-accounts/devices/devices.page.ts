import type { Session, SessionInfo } from 'nest-session';
import { html, type Content } from '../pages/html.js';
import { renderPage } from '../pages/layout.js';
import { timeOf } from '../pages/time.js';
import { deviceName } from './device-name.js';

/** The handles in it are names, not secrets: with one alone nobody is signed in, or out. */
export function devicesPage(
  session: Session,
  devices: readonly SessionInfo[],
  notices: readonly string[],
): string {
  return renderPage({
    title: 'Your devices',
    path: '/members',
    session,
    notices,
    content: html`
      <h1>Your devices</h1>
      <p class="lead">
        Here you are signed in. If you do not know one of them, sign it out and
        <a href="/password">change your password</a>.
      </p>
      <ul class="devices">
        ${devices.map(deviceItem)}
      </ul>
      ${
        devices.length > 1 &&
        html`<form method="post" action="/devices/end-others">
          <button>Sign out all other devices</button>
        </form>`
      }
      <p class="hint">
        A device is called what it calls itself. “Last seen” may be up to a minute old, so that looking around
        costs no write.
      </p>
    `,
  });
}

function deviceItem({ handle, current, userAgent, ip, authenticatedAt, lastSeenAt }: SessionInfo): Content {
  const name = deviceName(userAgent);
  const fact = (label: string, value: Content) =>
    html`<div>
      <dt>${label}</dt>
      <dd>${value}</dd>
    </div>`;
  return html`<li>
    <h2>${name}${current && html` <span class="count">This device</span>`}</h2>
    <dl>
      ${fact('Address', ip ?? 'Unknown')} ${fact('Signed in', authenticatedAt && timeOf(authenticatedAt))}
      ${fact('Last seen', timeOf(lastSeenAt))}
    </dl>
    <form method="post" action="/devices/${handle}/end">
      <button class="quiet" aria-label="Sign out ${current ? 'this device' : name}">Sign out</button>
    </form>
  </li>`;
}
