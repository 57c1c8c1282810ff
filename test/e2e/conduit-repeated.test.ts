// What arrives twice, because a balancer or a client repeated it: Conduit applies it once and answers as the first time.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import app from '../../examples/conduit/app.ts'
import { matchesRoute, parseRoutePattern } from '../../src/base/route-pattern.ts'
import { fragment, identifier } from '../../src/database/index.ts'
import { openConduit, PASSWORD, type Answer, type Call, type Conduit } from '../support/conduit.ts'

let conduit: Conduit
let token: string
let slug: string
let requests = 0

beforeAll(async () => {
  conduit = await openConduit()
  ;({ token } = await conduit.register('writer'))
  slug = await conduit.write(token)
})
afterAll(() => conduit[Symbol.asyncDispose]())

/** The request three times under one id: the second beside the first, the third when both are over. */
async function thrice(request: string, options: Call = {}): Promise<Answer[]> {
  const headers = { ...options.headers, 'x-request-id': `repeated-${++requests}` }
  const send = (): Promise<Answer> => conduit.call(request, { token, ...options, headers })
  return [...(await Promise.all([send(), send()])), await send()]
}
const statuses = (answers: readonly Answer[]): number[] => answers.map(({ status }) => status)
const count = async (table: 'articles' | 'comments' | 'users'): Promise<number> => {
  const rows = await conduit.tiers.database.run<{ n: number }>(
    fragment`select count(*) as n from ${identifier(table)}`,
  )
  return rows[0]!.n
}

describe('a repeated request', () => {
  test('writes one article, and is told of it each time', async () => {
    const before = await count('articles')
    const article = { title: 'Repeated', description: 'About', body: 'Text' }

    const answers = await thrice('POST /articles', { json: { article } })

    expect(statuses(answers)).toEqual([201, 201, 201])
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    expect(await count('articles')).toBe(before + 1)
  })

  test('writes one comment', async () => {
    const answers = await thrice(`POST /articles/${slug}/comments`, { json: { comment: { body: 'Again' } } })

    expect(statuses(answers)).toEqual([201, 201, 201])
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    expect(await count('comments')).toBe(1)
  })

  test('finds what it deleted already deleted by itself, and no error', async () => {
    const own = await conduit.write(token)
    const { body } = await conduit.call(`POST /articles/${own}/comments`, {
      token,
      json: { comment: { body: 'Short-lived' } },
    })

    const comment = await thrice(`DELETE /articles/${own}/comments/${body.comment.id}`)
    const article = await thrice(`DELETE /articles/${own}`)

    expect([statuses(comment), statuses(article)]).toEqual([
      [204, 204, 204],
      [204, 204, 204],
    ])
  })

  test('that arrives after a later change leaves that change', async () => {
    const headers = { 'x-request-id': 'late' }
    await conduit.call(`POST /articles/${slug}/favorite`, { token, headers })
    await conduit.call(`DELETE /articles/${slug}/favorite`, { token })

    const { body } = await conduit.call(`POST /articles/${slug}/favorite`, { token, headers })

    expect(body.article).toMatchObject({ favorited: false, favoritesCount: 0 })
  })

  test('registers one person, whose tokens all work', async () => {
    const before = await count('users')
    const user = { username: 'Repeated', email: 'repeated@example.com', password: PASSWORD }

    const answers = await thrice('POST /users', { json: { user } })
    const looks = await Promise.all(
      answers.map(({ body }) => conduit.call('GET /user', { token: body.user.token })),
    )

    expect([...statuses(answers), ...statuses(looks)]).toEqual([201, 201, 201, 200, 200, 200])
    expect(await count('users')).toBe(before + 1)
  })

  test('gives no account to somebody who repeats a registration without its password', async () => {
    const headers = { 'idempotency-key': 'guessable' }
    const register = (password: string): Promise<Answer> =>
      conduit.call('POST /users', {
        headers,
        json: { user: { username: 'Victim', email: 'victim@example.com', password } },
      })
    await register(PASSWORD)

    const { status, body } = await register(PASSWORD.replace('correct', 'another'))

    expect(status).toBe(409)
    expect(body).toEqual({ errors: { username: ['has already been taken'] } })
  })

  test('stores no secret', async () => {
    const stored = await conduit.tiers.database.sql<{ result: string | null }>`select result from pando.once`

    expect(stored.map(({ result }) => result).join('\n')).not.toMatch(/token|password|eyJ|scrypt/i)
  })
})

describe('the routes that are declared idempotent', () => {
  const declared = app.idempotent!.map(parseRoutePattern)
  const isDeclared = (request: string): boolean => {
    const [method, path] = request.split(' ') as [string, string]
    return declared.some((pattern) => matchesRoute(pattern, method, path))
  }

  test.each([
    'POST /api/users',
    'POST /api/profiles/anna/follow',
    'DELETE /api/profiles/anna/follow',
    'POST /api/articles',
    'PUT /api/articles/a-1',
    'DELETE /api/articles/a-1',
    'POST /api/articles/a-1/favorite',
    'POST /api/articles/a-1/comments',
    'DELETE /api/articles/a-1/comments/7',
    'POST /editor',
    'POST /article/a-1/comments',
  ])('have %s among them', (request) => {
    expect(isDeclared(request)).toBe(true)
  })

  test.each(['PUT /api/user', 'POST /settings', 'POST /logout', 'POST /login'])(
    'do not have %s, which does not go through `once`',
    (request) => {
      expect(isDeclared(request)).toBe(false)
    },
  )
})
