// The errors that frameworks make themselves, answered by `refusalOf` in the error handlers that docs/how-to/web.md shows.

import express, { type ErrorRequestHandler } from 'express'
import fastify from 'fastify'
import { describe, expect, test } from 'vitest'
import type { Handler } from '../../src/web/handler.ts'
import { refusalOf } from '../../src/web/refusal/statuses.ts'
import { serveOnFreePort } from '../support/web.ts'

const answerExpress: ErrorRequestHandler = (error, request, response, _next) => {
  const { status, code, message } = refusalOf(error, request.method)
  response.status(status).json({ error: { code, message } })
}

const PARSERS: { name: string; make: () => Promise<Handler> }[] = [
  {
    name: 'Express',
    async make() {
      const app = express()
      app.use(express.json({ limit: 100 }))
      app.post('/', (_request, response) => void response.send('never'))
      app.use(answerExpress)
      return { listener: app }
    },
  },
  {
    name: 'Fastify',
    async make() {
      const app = fastify({ bodyLimit: 100 })
      app.setErrorHandler((error, request, reply) => {
        const { status, code, message } = refusalOf(error, request.method)
        return reply.code(status).send({ error: { code, message } })
      })
      app.post('/', () => 'never')
      await app.ready()
      return { listener: (request, response) => app.routing(request, response), close: () => app.close() }
    },
  },
]

describe.each(PARSERS)('a body that $name refuses', ({ make }) => {
  test.each([
    [400, 'is no JSON', '{'],
    [413, 'is too large', JSON.stringify('x'.repeat(200))],
  ])('is answered by `refusalOf` with %i when it %s', async (status, _why, body) => {
    await using served = await serveOnFreePort(await make())

    const response = await fetch(served.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })

    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ error: { code: 'WEB_HANDLER_REFUSED' } })
  })
})
