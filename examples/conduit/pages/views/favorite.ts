// The buttons that switch something on and off: favourite and follow. Each is a form of its own, so it works without
// JavaScript; `data-part` lets the script put the answer in the form's place instead of loading the page again.

import { html } from 'hono/html'
import { articlePath, profilePath } from '../paths.ts'
import type { Article, ArticleSummary } from '../../data/articles.ts'
import type { Profile } from '../../data/profiles.ts'
import type { Html } from './html.ts'
import { icon } from './icon.ts'

/** `compact`: a heart and the count, in lists. `full`: in words, on the article's own page. */
export type FavoriteLook = 'compact' | 'full'

export function favoriteForm(article: Article | ArticleSummary, look: FavoriteLook): Html {
  const { slug, favorited, favoritesCount } = article
  const words = `${favorited ? 'Unfavorite' : 'Favorite'} Article`
  const label = `${words} (${favoritesCount}): ${article.title}`
  return html`<form
    method="post"
    action="${articlePath(slug)}/${favorited ? 'unfavorite' : 'favorite'}"
    data-part="favorite:${look}:${slug}"
  >
    <button
      type="submit"
      class="btn btn-sm ${favorited ? 'btn-primary' : 'btn-outline-primary'}"
      ${look === 'compact' ? html`aria-label="${label}"` : ''}
    >
      ${icon('ion-heart')}${look === 'full' ? html`<span>${words} <span class="counter">(${favoritesCount})</span></span>` : favoritesCount}
    </button>
  </form>`
}

export function followForm({ username, following }: Profile): Html {
  return html`<form
    method="post"
    action="${profilePath(username)}/${following ? 'unfollow' : 'follow'}"
    data-part="follow:${username}"
  >
    <button
      type="submit"
      class="btn btn-sm action-btn ${following ? 'btn-secondary' : 'btn-outline-secondary'}"
    >
      ${following ? '' : icon('ion-plus-round')}<span>${following ? 'Unfollow' : 'Follow'} ${username}</span>
    </button>
  </form>`
}
