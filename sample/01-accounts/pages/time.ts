import { html, type Html } from './html.js';

const UTC = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' });

/** A time in UTC. The script of the page changes it to the visitor's time zone, which the server does not know. */
export function timeOf(date: Date): Html {
  return html`<time datetime="${date.toISOString()}">${UTC.format(date)} UTC</time>`;
}
