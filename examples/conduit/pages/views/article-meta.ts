// Who wrote it and when, with what the visitor can do beside it.

import { html } from 'hono/html'
import { profilePath } from '../paths.ts'
import type { Profile } from '../../data/profiles.ts'
import { avatar } from './avatar.ts'
import type { Html, MaybeHtml } from './html.ts'

export function articleMeta(
  { author, createdAt }: { readonly author: Profile; readonly createdAt: Date },
  actions: MaybeHtml,
): Html {
  const path = profilePath(author.username)
  return html`<div class="article-meta">
    <a href="${path}" tabindex="-1" aria-hidden="true">${avatar(author.image, 40, 'author-img')}</a>
    <div class="info">
      <a href="${path}" class="author">${author.username}</a>
      ${date(createdAt, 'date')}
    </div>
    ${actions}
  </div>`
}

const DATE = new Intl.DateTimeFormat('en-US', { dateStyle: 'long', timeZone: 'UTC' })

/** `January 20, 2026`, in UTC, with the exact time for machines. */
export function date(time: Date, className: string): Html {
  return html`<time class="${className}" datetime="${time.toISOString()}">${DATE.format(time)}</time>`
}
