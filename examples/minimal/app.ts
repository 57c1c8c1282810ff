// A guestbook: the smallest Pando application with a database.

import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { html } from 'hono/html'
import { defineApp } from 'pando'

export default defineApp({
  name: 'guestbook',
  migrations: './migrations',
  setup({ database }) {
    const web = new Hono()
      .get('/', async (c) => {
        const latest = await database.sql<{ body: string }>`
          select body from greeting order by id desc limit 20`
        return c.html(html`<!doctype html>
          <html lang="en">
            <title>Guestbook</title>
            <h1>Guestbook</h1>
            <form method="post">
              <input name="body" aria-label="Greeting" maxlength="200" required /> <button>Sign</button>
            </form>
            ${latest.map(({ body }) => html`<p>${body}</p>`)}
          </html>`)
      })
      .post('/', bodyLimit({ maxSize: 4096 }), async (c) => {
        const { body } = await c.req.parseBody()
        if (typeof body !== 'string' || !/^[^\0]{1,200}$/.test(body.trim()))
          return c.text('Write 1 to 200 characters.', 422)
        await database.sql`insert into greeting (body) values (${body.trim()})`
        return c.redirect('/', 303)
      })
    return { fetch: (request) => web.fetch(request) }
  },
})
