import type { Session } from 'nest-session';
import { csrfField, textField } from '../pages/fields.js';
import { html, type Content } from '../pages/html.js';
import { type PageContext, renderPage } from '../pages/layout.js';
import { timeOf } from '../pages/time.js';
import type { Note } from './note.js';

export interface NoteDraft {
  /** What was typed and not saved, and why. */
  readonly text?: string;
  readonly error?: string;
}

export function notesPage(
  context: PageContext & { session: Session },
  { text, error }: NoteDraft = {},
): string {
  const { notes = [] } = context.session;
  const csrf = csrfField(context.csrf);
  return renderPage(context, {
    title: error === undefined ? 'Notes' : 'Error: Notes',
    path: '/notes',
    content: html`
      <h1>Notes</h1>
      <p class="lead">Your notes are in your session. Only you see them, and signing out removes them.</p>
      <form method="post" action="/notes" novalidate>
        ${csrf} ${textField({ name: 'text', label: 'New note', value: text, error })}
        <button>Save note</button>
      </form>
      ${
        notes.length > 0 &&
        html`<ul class="notes">
          ${notes.map((note) => noteItem(note, csrf))}
        </ul>`
      }
    `,
  });
}

function noteItem({ id, text, writtenAt }: Note, csrf: Content): Content {
  return html`<li>
    <p class="text">${text}</p>
    <form method="post" action="/notes/${id}/remove">
      ${csrf}
      <small>${timeOf(new Date(writtenAt))}</small>
      <button class="quiet" aria-label="Remove the note “${text.slice(0, 40)}”">Remove</button>
    </form>
  </li>`;
}
