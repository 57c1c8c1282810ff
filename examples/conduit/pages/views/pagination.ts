// Numbered pages. A list of any length shows at most nine numbers: both ends and the neighbourhood of the current one.

import { html } from 'hono/html'
import type { Html, MaybeHtml } from './html.ts'
import { current } from './layout.ts'

export interface Paging {
  /** The page shown, from 1. */
  readonly page: number
  readonly pages: number
  /** Path of the list, with what filters it: `/?feed=following`. */
  readonly path: string
}

const NEIGHBOURS = 2

/** The numbers to show, ascending, with `null` where some are left out: `[1, null, 4, 5, 6, 7, 8, null, 90]`. */
export function pageNumbers(page: number, pages: number): (number | null)[] {
  const from = Math.max(2, Math.min(page - NEIGHBOURS, pages - 2 * NEIGHBOURS - 1))
  const to = Math.min(pages - 1, Math.max(page + NEIGHBOURS, 2 * NEIGHBOURS + 2))
  const shown: (number | null)[] = [1]
  if (from > 2) shown.push(null)
  for (let number = from; number <= to; number += 1) shown.push(number)
  if (to < pages - 1) shown.push(null)
  if (pages > 1) shown.push(pages)
  return shown
}

export function pagePath(path: string, page: number): string {
  if (page === 1) return path
  return `${path}${path.includes('?') ? '&' : '?'}page=${page}`
}

export function pagination({ page, pages, path }: Paging): MaybeHtml {
  if (pages <= 1) return ''
  return html`<div role="navigation" aria-label="Pages">
    <ul class="pagination">
      ${pageNumbers(page, pages).map((number) => item(number, page, path))}
    </ul>
  </div>`
}

function item(number: number | null, page: number, path: string): Html {
  if (number === null) return html`<li class="page-gap" aria-hidden="true">…</li>`
  const here = number === page
  return html`<li class="page-item${here ? ' active' : ''}">
    <a class="page-link" href="${pagePath(path, number)}" aria-label="Page ${number}" ${current(here)}
      >${number}</a
    >
  </li>`
}
