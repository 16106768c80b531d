import { html, type Content, type Html } from './html.js';

export interface Field {
  readonly name: string;
  readonly label: string;
  readonly type?: 'text' | 'password';
  readonly autocomplete?: string;
  /** What was typed. Never used for passwords. */
  readonly value?: string | undefined;
  readonly hint?: string;
  readonly error?: string | undefined;
}

/** A labelled input. Screen readers read its hint and its error with it. */
export function inputField(field: Field): Html {
  const { name, label, type = 'text', autocomplete = 'off', value = '' } = field;
  return html`<div class="field">
    <label for="${name}">${label}</label>
    ${remarks(field)}
    <input
      id="${name}"
      name="${name}"
      type="${type}"
      value="${type !== 'password' && value}"
      autocomplete="${autocomplete}"
      autocapitalize="none"
      spellcheck="false"
      required
      ${describedBy(field)}
    />
  </div>`;
}

/** A labelled text area. */
export function textField(field: Field): Html {
  const { name, label, value = '' } = field;
  return html`<div class="field">
    <label for="${name}">${label}</label>
    ${remarks(field)}
    <textarea id="${name}" name="${name}" rows="3" required ${describedBy(field)}>${value}</textarea>
  </div>`;
}

/** The token that `CsrfGuard` looks for. */
export function csrfField(token: string | undefined): Content {
  return token !== undefined && html`<input type="hidden" name="_csrf" value="${token}" />`;
}

function remarks({ name, hint, error }: Field): Html {
  return html`${hint && html`<p class="hint" id="${name}-hint">${hint}</p>`}
  ${error && html`<p class="error" id="${name}-error">${error}</p>`}`;
}

function describedBy({ name, hint, error }: Field): Html {
  const ids = [hint && `${name}-hint`, error && `${name}-error`].filter(Boolean).join(' ');
  return html`${ids && html`aria-describedby="${ids}"`} ${error && html`aria-invalid="true" autofocus`}`;
}
