// A labelled input or text area of a form. The label is always visible: a placeholder disappears while one types.

import { html, raw } from 'hono/html'
import type { Html } from './html.ts'

export interface Field {
  readonly name: string
  readonly label: string
  readonly type?: 'text' | 'email' | 'password'
  readonly value?: string
  readonly placeholder?: string
  /** The purpose, for password managers and fill-in (HTML §4.10.18.7). */
  readonly autocomplete?: string
  readonly required?: boolean
  readonly minLength?: number
  readonly maxLength?: number
  /** With it the field is a text area of so many rows. */
  readonly rows?: number
  readonly large?: boolean
  readonly hint?: string
  readonly after?: Html
}

export function field(of: Field): Html {
  const id = `field-${of.name}`
  const hintId = `${id}-hint`
  const attributes = html`id="${id}" name="${of.name}"
  class="form-control${of.large ? ' form-control-lg' : ''}" placeholder="${of.placeholder ?? of.label}"
  autocomplete="${of.autocomplete ?? 'off'}" ${of.required ? 'required' : ''}
  ${of.minLength === undefined ? '' : html`minlength="${of.minLength}"`}
  ${of.maxLength === undefined ? '' : html`maxlength="${of.maxLength}"`}
  ${of.hint === undefined ? '' : html`aria-describedby="${hintId}"`}`
  return html`<div class="form-group">
    <label for="${id}">${of.label}</label>
    ${
      of.rows === undefined
        ? html`<input type="${of.type ?? 'text'}" ${attributes} value="${of.value ?? ''}" />`
        : textArea(html`rows="${of.rows}" ${attributes}`, of.value ?? '')
    }
    ${of.hint === undefined ? '' : html`<p class="hint" id="${hintId}">${of.hint}</p>`} ${of.after ?? ''}
  </div>`
}

/**
 * A text area that shows exactly `value`. HTML drops a line break right after the start tag; with one of ours in front
 * the visitor's own is kept. `raw` is justified: it wraps a constant.
 */
export function textArea(attributes: Html, value: string): Html {
  return html`<textarea ${attributes}>${raw('\n')}${value}</textarea>`
}
