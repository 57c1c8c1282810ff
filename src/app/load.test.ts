import { describe, expect, test } from 'vitest'
import { problemOfApp } from './load.ts'

const app = (idempotent: unknown): object => ({ name: 'shop', setup: () => {}, idempotent })

describe('an application that lists idempotent routes', () => {
  test.each([
    { routes: undefined },
    { routes: [] },
    { routes: ['POST /api/articles', 'PUT /files/**', 'DELETE /api/articles/*'] },
  ])('is one with $routes', ({ routes }) => {
    expect(problemOfApp(app(routes))).toBeUndefined()
  })

  test.each([
    ['POST /api', 'idempotent is not a list of routes such as "POST /api/articles"'],
    [
      ['POST /api', 'GET /api'],
      'idempotent[1], "GET /api", has the method "GET", which is not one of POST, PUT, PATCH, DELETE',
    ],
    [[7], 'idempotent[0] is not a text such as "POST /api/articles"'],
    [Array.from({ length: 201 }, () => 'POST /'), 'idempotent lists 201 routes, and 200 are the most'],
  ])('is none with %j', (routes, problem) => {
    expect(problemOfApp(app(routes))).toBe(problem)
  })
})
