// The comments under an article: the form for a new one, then what is there.

import { html } from 'hono/html'
import { articlePath, loginPath, profilePath } from '../paths.ts'
import { COMMENTS_MAX, type Comment } from '../../data/comments.ts'
import type { Visitor } from '../visitor.ts'
import { date } from './article-meta.ts'
import type { ArticleView } from './article.ts'
import { avatar } from './avatar.ts'
import { errorMessages } from './error-messages.ts'
import { textArea } from './field.ts'
import type { Html, MaybeHtml } from './html.ts'
import { icon } from './icon.ts'

export function commentsSection(view: ArticleView): Html {
  const { article, comments, visitor } = view
  return html`<section class="comments" id="comments" aria-labelledby="comments-heading">
    <h2 id="comments-heading">Comments</h2>
    ${visitor === undefined ? signInPrompt(article.slug) : commentForm(view, visitor)}
    ${comments.map((comment) => card(article.slug, comment, visitor))}
    ${olderComments(article.slug, comments)}
  </section>`
}

/** The way to the rest, under a page that is full. */
function olderComments(slug: string, comments: readonly Comment[]): MaybeHtml {
  const last = comments.at(-1)
  if (last === undefined || comments.length < COMMENTS_MAX) return ''
  return html`<p class="older-comments">
    <a href="${articlePath(slug)}?before=${last.id}#comments">Older comments</a>
  </p>`
}

function signInPrompt(slug: string): Html {
  return html`<p class="sign-in-prompt">
    <a href="${loginPath(articlePath(slug))}">Sign in</a> or <a href="/register">sign up</a> to add comments
    on this article.
  </p>`
}

const PLACEHOLDER = html`placeholder="Write a comment..."`
const COMMENT_FIELD = html`id="field-comment" name="body" class="form-control" rows="3" required
${PLACEHOLDER}`

function commentForm({ article, commentErrors, commentBody }: ArticleView, visitor: Visitor): Html {
  return html`${errorMessages(commentErrors)}
    <form class="card comment-form" method="post" action="${articlePath(article.slug)}/comments">
      <div class="card-block">
        <label class="visually-hidden" for="field-comment">Your comment</label>
        ${textArea(COMMENT_FIELD, commentBody)}
      </div>
      <div class="card-footer">
        ${avatar(visitor.image, 24, 'comment-author-img')}
        <button type="submit" class="btn btn-sm btn-primary">Post Comment</button>
      </div>
    </form>`
}

function card(slug: string, comment: Comment, visitor: Visitor | undefined): Html {
  const { author, body, createdAt, id } = comment
  return html`<div class="card" id="comment-${id}">
    <div class="card-block"><p class="card-text">${body}</p></div>
    <div class="card-footer">
      ${avatar(author.image, 24, 'comment-author-img')}
      <div class="by">
        <a href="${profilePath(author.username)}" class="comment-author">${author.username}</a>
        ${date(createdAt, 'date-posted')}
      </div>
      ${author.username === visitor?.username ? deleteForm(slug, id) : ''}
    </div>
  </div>`
}

function deleteForm(slug: string, id: number): MaybeHtml {
  return html`<form class="mod-options" method="post" action="${articlePath(slug)}/comments/${id}/delete">
    <button type="submit" aria-label="Delete comment" title="Delete comment">${icon('ion-trash-a')}</button>
  </form>`
}
