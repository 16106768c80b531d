import { html, type Html } from './html.js';

const FORMAT = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });

export function timeOf(date: Date): Html {
  return html`<time datetime="${date.toISOString()}">${FORMAT.format(date)}</time>`;
}
