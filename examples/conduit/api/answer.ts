// The two shapes of an answer: one thing under its name, or what is wrong under `errors`.

import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { Jsonified } from 'pando/database'
import type { Article, ArticleList, ArticleSummary } from '../data/articles.ts'
import type { Comment } from '../data/comments.ts'
import type { Problems } from '../data/input.ts'

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' }

export function answer(c: Context, body: object, status: ContentfulStatusCode = 200): Response {
  return c.body(JSON.stringify(body), status, JSON_TYPE)
}

export function refuse(c: Context, status: ContentfulStatusCode, errors: Problems): Response {
  return answer(c, { errors }, status)
}

export const notFound = (c: Context, kind: 'article' | 'comment' | 'profile'): Response =>
  refuse(c, 404, { [kind]: ['not found'] })

export const forbidden = (c: Context, kind: 'article' | 'comment'): Response =>
  refuse(c, 403, { [kind]: ['forbidden'] })

/** The data layer's objects hold exactly what the contract shows; dates become ISO 8601 in `JSON.stringify`. */
export const articleAnswer = (c: Context, article: Article, status: 200 | 201 = 200): Response =>
  answer(c, { article: ordered(article) }, status)

export const listAnswer = (c: Context, { articles, articlesCount }: ArticleList): Response =>
  answer(c, { articles, articlesCount })

export const commentAnswer = (c: Context, comment: Jsonified<Comment>): Response =>
  answer(c, { comment }, 201)

function ordered({ body, ...summary }: Article): ArticleSummary & { body: string } {
  return { ...summary, body }
}
