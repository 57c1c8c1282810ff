// A list of article previews with its numbered pages: what home, tag and profile pages show.
//
// RealWorld puts each preview's title in an `h1`; `aria-level` tells assistive technology that it is a heading below
// the page's own.

import { html } from 'hono/html'
import type { ArticleSummary } from '../../data/articles.ts'
import { articlePath } from '../paths.ts'
import { articleMeta } from './article-meta.ts'
import { favoriteForm } from './favorite.ts'
import type { Html } from './html.ts'
import { pagination, type Paging } from './pagination.ts'

export interface ArticleList extends Paging {
  readonly articles: readonly ArticleSummary[]
  /** What to say when there are none. */
  readonly empty: string
}

export function articleList(list: ArticleList, headingLevel: number): Html {
  const { articles, empty } = list
  if (articles.length === 0) return html`<div class="article-preview empty-feed-message">${empty}</div>`
  return html`${articles.map((article) => preview(article, headingLevel))} ${pagination(list)}`
}

function preview(article: ArticleSummary, headingLevel: number): Html {
  const meta = articleMeta(article, favoriteForm(article, 'compact'))
  return html`<div class="article-preview">
    ${meta}
    <a href="${articlePath(article.slug)}" class="preview-link">
      <h1 aria-level="${headingLevel}">${article.title}</h1>
      <p>${article.description}</p>
      <div class="preview-foot">
        <span class="read-more">Read more...</span>
        ${tagList(article.tagList)}
      </div>
    </a>
  </div>`
}

export function tagList(tags: readonly string[]): Html | '' {
  if (tags.length === 0) return ''
  return html`<ul class="tag-list">
    ${tags.map((tag) => html`<li class="tag-default tag-pill tag-outline">${tag}</li>`)}
  </ul>`
}
