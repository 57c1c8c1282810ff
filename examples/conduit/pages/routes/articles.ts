// `/article/:slug` with what readers do to it, and the editor.

import { Hono } from 'hono'
import {
  bySlug,
  create,
  remove,
  update,
  type NewArticle,
  type Refused,
  type Saved,
} from '../../data/articles.ts'
import * as favorites from '../../data/favorites.ts'
import { accept, newArticle } from '../../data/input.ts'
import type { Queryable } from '../../data/queryable.ts'
import type { PageDeps } from '../deps.ts'
import { readForm, type Form } from '../form.ts'
import { articlePath } from '../paths.ts'
import { problemsOf } from '../problems.ts'
import { render } from '../render.ts'
import { refuse } from '../refusals.ts'
import { editorView, type EditorView } from '../views/editor.ts'
import { favoriteForm } from '../views/favorite.ts'
import { cameFrom, loggedIn, visitorOf, type PageContext, type PageEnv } from '../visitor.ts'

const EMPTY: EditorView = { slug: undefined, title: '', description: '', body: '', tagList: [], errors: [] }

/** Tags as pills (`tag`, repeated) and as comma-separated text (`tagList`), in that order, each once. */
export function tagsOf(form: Form): string[] {
  const typed = form.text('tagList').split(',')
  return [...new Set([...form.all('tag'), ...typed].map((tag) => tag.trim()).filter((tag) => tag !== ''))]
}

const editor = (c: PageContext, view: EditorView): Response | Promise<Response> =>
  render(
    c,
    {
      title: view.slug === undefined ? 'New article' : `Edit ${view.title}`,
      status: view.errors.length > 0 ? 422 : 200,
    },
    editorView(view),
  )

export function editorRoutes({ database }: PageDeps): Hono<PageEnv> {
  const save = (slug: string | undefined, author: number, article: NewArticle): Promise<Saved | Refused> =>
    database.once<Saved | Refused>(
      (tx) => (slug === undefined ? create(tx, author, article) : update(tx, slug, author, article)),
      { content: article },
    )

  return new Hono<PageEnv>()
    .get('/editor', loggedIn, (c) => editor(c, EMPTY))
    .get('/editor/:slug', loggedIn, async (c) => {
      const { id, username } = visitorOf(c)
      const article = await bySlug(database, c.req.param('slug'), id)
      if (article === undefined) return refuse(c, 'no article')
      if (article.author.username !== username) return refuse(c, 'forbidden')
      return editor(c, { ...article, errors: [] })
    })
    .post('/editor/:slug?', loggedIn, async (c) => {
      const slug = c.req.param('slug')
      const form = await readForm(c)
      const fields = { ...textsOf(form), tagList: tagsOf(form) }
      try {
        const saved = await save(slug, visitorOf(c).id, accept(newArticle, fields))
        if (saved === 'not found') return refuse(c, 'no article')
        if (saved === 'forbidden') return refuse(c, 'forbidden')
        return c.redirect(articlePath(saved.slug), 303)
      } catch (error) {
        return editor(c, { ...fields, slug, errors: problemsOf(error) })
      }
    })
}

const textsOf = (form: Form): { title: string; description: string; body: string } => ({
  title: form.text('title'),
  description: form.text('description'),
  body: form.text('body'),
})

export function articleRoutes({ database }: PageDeps): Hono<PageEnv> {
  const favorited = async (
    c: PageContext,
    slug: string,
    change: (db: Queryable, slug: string, userId: number) => Promise<void>,
  ): Promise<Response> => {
    const { id } = visitorOf(c)
    await database.once((tx) => change(tx, slug, id))
    const article = await bySlug(database, slug, id)
    if (article === undefined) return refuse(c, 'no article')
    const part = c.req.header('x-part')
    if (part !== undefined)
      return c.html(favoriteForm(article, part.startsWith('favorite:compact:') ? 'compact' : 'full'))
    return c.redirect(cameFrom(c, articlePath(article.slug)), 303)
  }

  return new Hono<PageEnv>()
    .post('/article/:slug/favorite', loggedIn, (c) => favorited(c, c.req.param('slug'), favorites.add))
    .post('/article/:slug/unfavorite', loggedIn, (c) => favorited(c, c.req.param('slug'), favorites.remove))
    .post('/article/:slug/delete', loggedIn, async (c) => {
      const outcome = await database.once((tx) => remove(tx, c.req.param('slug'), visitorOf(c).id))
      if (outcome === 'not found') return refuse(c, 'no article')
      if (outcome === 'forbidden') return refuse(c, 'forbidden')
      return c.redirect('/', 303)
    })
}
