// Sign in, sign up, log out. A session gets a new identifier at every change of who somebody is (`sessions.start`).

import { Hono } from 'hono'
import { accept, login as loginInput, registration } from '../../data/input.ts'
import type { PageDeps } from '../deps.ts'
import { readForm } from '../form.ts'
import { localPath } from '../paths.ts'
import { problemsOf } from '../problems.ts'
import { render } from '../render.ts'
import { loginView, registerView, type LoginView, type RegisterView } from '../views/auth.ts'
import type { PageContext, PageEnv } from '../visitor.ts'

const login = (c: PageContext, view: LoginView): Response | Promise<Response> =>
  render(c, { title: 'Sign in', status: view.errors.length > 0 ? 422 : 200 }, loginView(view))

const signUp = (c: PageContext, view: RegisterView): Response | Promise<Response> =>
  render(c, { title: 'Sign up', status: view.errors.length > 0 ? 422 : 200 }, registerView(view))

export function authRoutes({ sessions, accounts }: PageDeps): Hono<PageEnv> {
  return new Hono<PageEnv>()
    .get('/login', (c) => {
      const returnTo = localPath(c.req.query('return'), '/')
      if (c.var.visitor !== undefined) return c.redirect(returnTo, 302)
      return login(c, { email: '', errors: [], returnTo })
    })
    .post('/login', async (c) => {
      const form = await readForm(c)
      const email = form.text('email')
      const returnTo = localPath(form.text('return'), '/')
      try {
        const user = await accounts.login(accept(loginInput, { email, password: form.text('password') }))
        if (user === undefined) return login(c, { email, errors: ['email or password is invalid'], returnTo })
        await sessions.start({ userId: String(user.id) })
        return c.redirect(returnTo, 303)
      } catch (error) {
        return login(c, { email, errors: problemsOf(error), returnTo })
      }
    })
    .get('/register', (c) => {
      if (c.var.visitor !== undefined) return c.redirect('/', 302)
      return signUp(c, { username: '', email: '', errors: [] })
    })
    .post('/register', async (c) => {
      const form = await readForm(c)
      const fields = { username: form.text('username'), email: form.text('email') }
      try {
        const input = accept(registration, { ...fields, password: form.text('password') })
        const user = await accounts.register(input)
        await sessions.start({ userId: String(user.id) })
        return c.redirect('/', 303)
      } catch (error) {
        return signUp(c, { ...fields, errors: problemsOf(error) })
      }
    })
    .post('/logout', async (c) => {
      await sessions.destroy()
      return c.redirect('/', 303)
    })
}
