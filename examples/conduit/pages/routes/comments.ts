// An article's page with its comments, and writing and deleting those.

import { Hono } from 'hono'
import { bySlug } from '../../data/articles.ts'
import { add, list, remove } from '../../data/comments.ts'
import { accept, newComment } from '../../data/input.ts'
import type { PageDeps } from '../deps.ts'
import { readForm } from '../form.ts'
import { articlePath } from '../paths.ts'
import { problemsOf } from '../problems.ts'
import { refuse } from '../refusals.ts'
import { render } from '../render.ts'
import { articleView } from '../views/article.ts'
import { loggedIn, visitorOf, type PageContext, type PageEnv } from '../visitor.ts'

/** A comment that was refused: its text and why. */
interface Draft {
  readonly body: string
  readonly errors: readonly string[]
}

export function commentRoutes({ database }: PageDeps): Hono<PageEnv> {
  const show = async (c: PageContext, slug: string, draft: Draft): Promise<Response> => {
    const viewer = c.var.visitor?.id ?? null
    const [article, comments] = await Promise.all([
      bySlug(database, slug, viewer),
      list(database, slug, viewer, olderThan(c.req.query('before'))),
    ])
    if (article === undefined || comments === undefined) return refuse(c, 'no article')
    const { title, description } = article
    return render(
      c,
      { title, description, status: draft.errors.length > 0 ? 422 : 200 },
      articleView({
        article,
        comments,
        visitor: c.var.visitor,
        commentBody: draft.body,
        commentErrors: draft.errors,
      }),
    )
  }

  return new Hono<PageEnv>()
    .get('/article/:slug', (c) => show(c, c.req.param('slug'), { body: '', errors: [] }))
    .post('/article/:slug/comments', loggedIn, async (c) => {
      const slug = c.req.param('slug')
      const body = (await readForm(c)).text('body')
      try {
        const input = accept(newComment, { body })
        const comment = await database.once((tx) => add(tx, slug, visitorOf(c).id, input.body), {
          content: input,
        })
        if (comment === undefined) return refuse(c, 'no article')
        return c.redirect(`${articlePath(slug)}#comment-${comment.id}`, 303)
      } catch (error) {
        return show(c, slug, { body, errors: problemsOf(error) })
      }
    })
    .post('/article/:slug/comments/:id{[1-9][0-9]{0,14}}/delete', loggedIn, async (c) => {
      const slug = c.req.param('slug')
      const id = Number(c.req.param('id'))
      const outcome = await database.once((tx) => remove(tx, slug, id, visitorOf(c).id))
      if (outcome === 'no article') return refuse(c, 'no article')
      if (outcome === 'forbidden') return refuse(c, 'forbidden')
      // Somebody who deletes a comment that is gone already has what they wanted.
      return c.redirect(`${articlePath(slug)}#comments`, 303)
    })
}

/** A comment's id from an address: older ones than it are shown. Undefined for anything else. */
function olderThan(text: string | undefined): number | undefined {
  return text !== undefined && /^[1-9]\d{0,14}$/.test(text) ? Number(text) : undefined
}
