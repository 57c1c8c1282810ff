// What the versions of the test's application have in common: the pages around the login.

import type { Express, Request, Response } from 'express'
import express from 'express'

export interface Pages {
  readonly userOf: (request: Request, response: Response) => string | undefined | Promise<string | undefined>
  readonly login: (request: Request, userId: string) => Promise<void>
  readonly logout: (request: Request) => Promise<void>
}

/** `POST /login/…`, `POST /logout`, and `GET /who`: the user and the process that answered. */
export function addPages(app: Express, { userOf, login, logout }: Pages): void {
  app.post('/login/:user', async (request, response) => {
    await login(request, request.params.user)
    response.send('in')
  })
  app.post('/logout', async (request, response) => {
    await logout(request)
    response.send('out')
  })
  app.get('/who', async (request, response) => {
    response.json({ user: (await userOf(request, response)) ?? null, pid: process.pid })
  })
}

export function newApp(): Express {
  const app = express()
  app.disable('x-powered-by')
  return app
}

/** express-session's callbacks as promises. */
export function called(call: (done: (error?: unknown) => void) => void): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  call((error) => (error === undefined || error === null ? resolve() : reject(error)))
  return promise
}
