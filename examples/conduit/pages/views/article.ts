// One article with its comments. Its author gets "edit" and "delete"; everybody else "follow" and "favourite", which
// lead somebody who is not logged in to the login page.

import { html } from 'hono/html'
import { articleHtml } from '../markdown.ts'
import { articlePath } from '../paths.ts'
import type { Article } from '../../data/articles.ts'
import type { Comment } from '../../data/comments.ts'
import type { Visitor } from '../visitor.ts'
import { tagList } from './article-list.ts'
import { articleMeta } from './article-meta.ts'
import { commentsSection } from './comments.ts'
import { favoriteForm, followForm } from './favorite.ts'
import type { Html } from './html.ts'
import { icon } from './icon.ts'

export interface ArticleView {
  readonly article: Article
  readonly comments: readonly Comment[]
  readonly visitor: Visitor | undefined
  /** What was wrong with the comment just sent, and its text. */
  readonly commentErrors: readonly string[]
  readonly commentBody: string
}

export function articleView(view: ArticleView): Html {
  const { article, visitor } = view
  const own = visitor?.username === article.author.username
  const actions = (): Html => (own ? ownActions(article.slug) : readerActions(article))
  return html`<div class="article-page">
    <div class="banner">
      <div class="container medium">
        <h1>${article.title}</h1>
        <p class="lead">${article.description}</p>
        ${articleMeta(article, actions())}
      </div>
    </div>
    <div class="container page medium">
      <article class="article-content">${articleHtml(article.body)} ${tagList(article.tagList)}</article>
      <div class="article-actions">${articleMeta(article, actions())}</div>
      ${commentsSection(view)}
    </div>
  </div>`
}

function ownActions(slug: string): Html {
  return html`<div class="buttons">
    <a class="btn btn-sm btn-outline-secondary" href="/editor/${encodeURIComponent(slug)}">
      ${icon('ion-compose')}<span>Edit Article</span>
    </a>
    <form method="post" action="${articlePath(slug)}/delete">
      <button type="submit" class="btn btn-sm btn-outline-danger">
        ${icon('ion-trash-a')}<span>Delete Article</span>
      </button>
    </form>
  </div>`
}

function readerActions(article: Article): Html {
  return html`<div class="buttons">${followForm(article.author)} ${favoriteForm(article, 'full')}</div>`
}
