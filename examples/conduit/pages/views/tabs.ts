// The row of links that switches between the lists of a page.

import { html } from 'hono/html'
import type { Html } from './html.ts'
import { current } from './layout.ts'

export interface Tab {
  readonly label: string
  readonly path: string
  readonly active: boolean
}

export function tabs(className: string, label: string, all: readonly Tab[]): Html {
  return html`<div class="${className}" role="navigation" aria-label="${label}">
    <ul class="nav nav-pills outline-active">
      ${all.map(
        (tab) =>
          html`<li class="nav-item">
            <a class="nav-link${tab.active ? ' active' : ''}" href="${tab.path}" ${current(tab.active)}
              >${tab.label}</a
            >
          </li>`,
      )}
    </ul>
  </div>`
}
