// What is wrong with a form, above it. `role="alert"` has it read out when the page appears.

import { html } from 'hono/html'
import type { MaybeHtml } from './html.ts'

export function errorMessages(messages: readonly string[]): MaybeHtml {
  if (messages.length === 0) return ''
  return html`<ul class="error-messages" role="alert">
    ${messages.map((message) => html`<li>${message}</li>`)}
  </ul>`
}
