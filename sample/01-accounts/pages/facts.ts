import { html, type Content } from './html.js';

/** A list of names and values. */
export function facts(entries: Readonly<Record<string, Content>>): Content {
  return html`<dl>
    ${Object.entries(entries).map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}
