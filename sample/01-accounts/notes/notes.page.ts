import type { Session } from 'nest-session';
import { textField } from '../pages/fields.js';
import { html } from '../pages/html.js';
import { renderPage } from '../pages/layout.js';
import { timeOf } from '../pages/time.js';
import type { Note } from './note.js';

export interface NotesView {
  readonly notices?: readonly string[];
  /** What was typed and not taken, and why. */
  readonly text?: string;
  readonly error?: string;
}

export function notesPage(session: Session, { notices = [], text, error }: NotesView): string {
  const notes = session.notes ?? [];
  return renderPage({
    title: error === undefined ? 'Notes' : 'Error: Notes',
    path: '/notes',
    session,
    notices,
    content: html`
      <h1>Notes</h1>
      <p class="lead">
        They are kept in your session: only you see them, and they are gone when you sign out.
      </p>
      <form method="post" action="/notes" novalidate>
        ${textField({ name: 'text', label: 'New note', value: text, error })}
        <button>Keep it</button>
      </form>
      ${
        notes.length > 0 &&
        html`<ul class="notes">
          ${notes.map(noteItem)}
        </ul>`
      }
    `,
  });
}

function noteItem({ id, text, writtenAt }: Note) {
  return html`<li>
    <p class="text">${text}</p>
    <form method="post" action="/notes/${id}/remove">
      <small>${timeOf(new Date(writtenAt))}</small>
      <button class="quiet" aria-label="Remove the note “${text.slice(0, 40)}”">Remove</button>
    </form>
  </li>`;
}
