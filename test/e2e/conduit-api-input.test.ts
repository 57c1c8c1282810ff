// What the API does with input that it cannot take: a clear 4xx in the contract's shape, and nothing changed. And with
// input that only looks dangerous: it is data, and comes back as it was.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openConduit, PASSWORD, type Answer, type Conduit } from '../support/conduit.ts'

let conduit: Conduit
let writer: { readonly username: string; readonly token: string }
let slug: string
beforeAll(async () => {
  conduit = await openConduit()
  writer = await conduit.register('writer')
  slug = await conduit.write(writer.token)
})
afterAll(() => conduit[Symbol.asyncDispose]())

const ARTICLE = { title: 'Title', description: 'About', body: 'Text' }
const post = (article: unknown): Promise<Answer> =>
  conduit.call('POST /articles', { token: writer.token, json: { article } })
const change = (user: unknown): Promise<Answer> =>
  conduit.call('PUT /user', { token: writer.token, json: { user } })
const articlesCount = async (): Promise<number> =>
  (await conduit.call('GET /articles')).body.articlesCount as number

describe('a body that is no JSON', () => {
  const bodies: readonly [string, string | Uint8Array<ArrayBuffer>][] = [
    ['cut off', '{"user":'],
    ['of words', 'hello'],
    ['nested half a million deep', '['.repeat(500_000)],
    ['in invalid UTF-8', new Uint8Array([...Buffer.from('{"user":"'), 0xff, 0xfe, ...Buffer.from('"}')])],
  ]
  test.each(bodies)('%s is a 400', async (_, raw) => {
    const { status, body } = await conduit.call('POST /users', { raw })

    expect({ status, body }).toEqual({ status: 400, body: { errors: { body: ['is not JSON in UTF-8'] } } })
  })

  test('larger than any article is a 413', async () => {
    const { status, body } = await conduit.call('POST /users', { raw: ' '.repeat(600_000) })

    expect(status).toBe(413)
    expect(body.errors.body[0]).toMatch(/too large/)
  })
})

describe('a body of the wrong shape', () => {
  test.each([
    ['an array', []],
    ['a string', 'x'],
    ['null', null],
    ['a number', 1],
  ])('that is %s is a 422', async (_, json) => {
    expect((await conduit.call('POST /users', { json })).status).toBe(422)
    expect((await conduit.call('POST /users', { json: { user: json } })).status).toBe(422)
  })

  test('that is empty lacks every field', async () => {
    for (const options of [{}, { raw: '' }, { json: {} }, { json: { user: {} } }]) {
      const { status, body } = await conduit.call('POST /users', options)
      expect(status).toBe(422)
      expect(body.errors).toEqual({
        username: ["can't be blank"],
        email: ["can't be blank"],
        password: ["can't be blank"],
      })
    }
  })

  test('names every field that is wrong', async () => {
    const before = await articlesCount()

    const { status, body } = await post({ title: 1, description: ['x'], body: { a: 1 }, tagList: 'x' })

    expect(status).toBe(422)
    expect(body.errors).toEqual({
      title: ['must be a string'],
      description: ['must be a string'],
      body: ['must be a string'],
      tagList: ['must be a list of strings'],
    })
    expect(await articlesCount()).toBe(before)
  })

  test('with unknown fields and a prototype in it is read without them', async () => {
    const { status, body } = await conduit.call('POST /articles', {
      token: writer.token,
      raw: `{"article":{"title":"T","description":"d","body":"b","slug":"mine","favoritesCount":9,"__proto__":{"x":1}}}`,
    })

    expect(status).toBe(201)
    expect(body.article.slug).not.toBe('mine')
    expect(body.article.favoritesCount).toBe(0)
  })
})

describe('a text', () => {
  test.each(['title', 'description', 'body'])('that is blank is refused as %s', async (field) => {
    for (const value of ['', '   ', null]) {
      const { status, body } = await post({ ...ARTICLE, [field]: value })
      expect({ status, errors: body.errors }).toEqual({
        status: 422,
        errors: { [field]: ["can't be blank"] },
      })
    }
  })

  test.each([
    ['NUL', 'a\0b'],
    ['half a surrogate pair', 'a\ud800b'],
  ])('with %s in it is refused in every field', async (_, text) => {
    const answers = [
      await post({ ...ARTICLE, title: text }),
      await post({ ...ARTICLE, description: text }),
      await post({ ...ARTICLE, body: text }),
      await post({ ...ARTICLE, tagList: [text] }),
      await change({ username: text }),
      await change({ bio: text }),
      await change({ image: text }),
      await change({ password: `${text} long enough` }),
      await conduit.call('POST /users', {
        json: { user: { username: text, email: 'a@b.c', password: 'x' } },
      }),
      await conduit.call('POST /users/login', { json: { user: { email: text, password: 'x' } } }),
      await conduit.call(`POST /articles/${slug}/comments`, {
        token: writer.token,
        json: { comment: { body: text } },
      }),
    ]

    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 422))
  })

  test('longer than its field is refused, and one that just fits is taken', async () => {
    const tooLong = [
      await post({ ...ARTICLE, title: 'x'.repeat(256) }),
      await post({ ...ARTICLE, description: 'x'.repeat(1001) }),
      await post({ ...ARTICLE, body: 'ä'.repeat(32 * 1024 + 1) }),
      await post({ ...ARTICLE, tagList: ['x'.repeat(51)] }),
      await post({ ...ARTICLE, tagList: Array.from({ length: 21 }, (_, index) => `t${index}`) }),
      await change({ username: 'x'.repeat(65) }),
      await change({ email: `${'x'.repeat(251)}@b.c` }),
      await change({ password: 'x'.repeat(1025) }),
      await change({ bio: 'x'.repeat(2001) }),
      await change({ image: `https://example.com/${'x'.repeat(2000)}` }),
    ]
    expect(tooLong.map(({ status }) => status)).toEqual(tooLong.map(() => 422))

    const fits = { title: 'x'.repeat(255), description: 'x'.repeat(1000), body: 'ä'.repeat(32 * 1024) }
    expect((await post(fits)).status).toBe(201)
  })

  test('of markup or SQL comes back as it was sent and does nothing', async () => {
    const nasty = `<script>alert(1)</script>'"; drop table users; -- \${7*7} %s &amp; \\u0041`
    const made = await post({ title: nasty, description: nasty, body: nasty, tagList: [nasty.slice(0, 49)] })
    const { article } = made.body
    const comment = await conduit.call(`POST /articles/${article.slug}/comments`, {
      token: writer.token,
      json: { comment: { body: nasty } },
    })
    const read = await conduit.call(`GET /articles/${article.slug}`)

    expect(read.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(read.body.article).toMatchObject({ title: nasty, description: nasty, body: nasty })
    expect(article.slug).toMatch(/^[a-z0-9-]+$/)
    expect(comment.body.comment.body).toBe(nasty)
    const tagged = await conduit.call(`GET /articles?tag=${encodeURIComponent(nasty.slice(0, 49))}`)
    expect(tagged.body.articlesCount).toBe(1)
    const person = await conduit.call('POST /users', {
      json: { user: { username: `<b>"';--/\\?#%`, email: `"><i>'@x.y`, password: `';--` } },
    })
    expect(person.status).toBe(201)
    const profile = await conduit.call(`GET /profiles/${encodeURIComponent(person.body.user.username)}`)
    expect(profile.body.profile.username).toBe(`<b>"';--/\\?#%`)
  })
})

describe('a tag', () => {
  test('has no comma, which is what stands between tags on the pages', async () => {
    const { status, body } = await post({ ...ARTICLE, tagList: ['one, two'] })

    expect({ status, body }).toEqual({
      status: 422,
      body: { errors: { tagList: ['must not contain a comma'] } },
    })
  })
})

describe('an account', () => {
  test.each([
    ['without an @', 'nobody'],
    ['with a space', 'no body@example.com'],
  ])('is not made with an address %s', async (_, email) => {
    const { status, body } = await conduit.call('POST /users', {
      json: { user: { username: 'somebody', email, password: PASSWORD } },
    })

    expect({ status, body }).toEqual({
      status: 422,
      body: { errors: { email: ['is not an e-mail address'] } },
    })
  })

  test.each([
    '.',
    '..',
    'a\u202eb',
    'a\u200bb',
    'a\nb',
    'seen\u034f',
    'seen\ufe0f',
    '\u3164',
    '\u2800',
    'a\u00a0b',
    'a  b',
  ])('does not take the name %j, which looks like another or like none', async (username) => {
    expect((await change({ username })).status).toBe(422)
  })

  test.each([
    'javascript:alert(1)',
    'data:text/html,x',
    '//evil.example/x.png',
    '/etc/passwd',
    'https://a b',
    'x',
  ])('does not take the picture %j', async (image) => {
    expect((await change({ image })).body).toEqual({
      errors: { image: ['must be an http or https address'] },
    })
  })

  test('takes a picture from the web, an uploaded one, and none', async () => {
    for (const image of ['https://example.com/a.png?b=c', '/avatars/7/abc_DEF-1.png', null])
      expect((await change({ image })).body.user.image).toBe(image)
  })

  test('is left as it was when one of several changes is refused', async () => {
    await change({ bio: 'before' })

    expect((await change({ bio: 'after', password: 'short' })).status).toBe(422)
    expect((await conduit.call('GET /user', { token: writer.token })).body.user.bio).toBe('before')
  })
})

describe('a query', () => {
  test.each([
    'limit=0',
    'limit=101',
    'limit=abc',
    'limit=1.5',
    'limit=-1',
    'limit=',
    'limit=1e1',
    'limit=99999999999',
  ])('with %s is refused', async (query) => {
    const { status, body } = await conduit.call(`GET /articles?${query}`)
    expect(status).toBe(422)
    expect(Object.keys(body.errors)).toEqual(['limit'])
  })

  test.each(['offset=-1', 'offset=x', 'offset=1000001', 'offset=9007199254740993'])(
    'with %s is refused in lists and in the feed',
    async (query) => {
      expect((await conduit.call(`GET /articles?${query}`)).status).toBe(422)
      expect((await conduit.call(`GET /articles/feed?${query}`, { token: writer.token })).status).toBe(422)
    },
  )
})

describe('a path', () => {
  test.each(['%00', '%ff', '..%2f..%2fetc', '%F0%9F%8C%B2', "'%20or%201=1", 'x'.repeat(2000)])(
    'to an article called %s is a 404',
    async (name) => {
      const { status, body } = await conduit.call(`GET /articles/${name}`)
      expect({ status, body }).toEqual({ status: 404, body: { errors: { article: ['not found'] } } })
    },
  )

  test.each(['%00', '%ff', 'nobody', 'x'.repeat(2000)])('to somebody called %s is a 404', async (name) => {
    const { status, body } = await conduit.call(`GET /profiles/${name}`)
    expect({ status, body }).toEqual({ status: 404, body: { errors: { profile: ['not found'] } } })
  })

  test.each(['0', '-1', 'x', '1.5', '2147483648', '9223372036854775808', '9'.repeat(100), '%00'])(
    'to a comment numbered %s is a 404',
    async (id) => {
      const { status, body } = await conduit.call(`DELETE /articles/${slug}/comments/${id}`, {
        token: writer.token,
      })
      expect({ status, body }).toEqual({ status: 404, body: { errors: { comment: ['not found'] } } })
    },
  )

  test('that the API does not know is a 404 in its shape', async () => {
    expect((await conduit.call('GET /nothing')).body).toEqual({ errors: { path: ['not found'] } })
  })
})

describe('without a token', () => {
  test.each([
    'GET /user',
    'PUT /user',
    'POST /articles',
    'GET /articles/feed',
    'PUT /articles/no-such',
    'DELETE /articles/no-such',
    'POST /articles/no-such/favorite',
    'DELETE /articles/no-such/favorite',
    'POST /articles/no-such/comments',
    'DELETE /articles/no-such/comments/1',
    'POST /profiles/no-such/follow',
    'DELETE /profiles/no-such/follow',
  ])('%s is a 401 before anything is looked up or read', async (request) => {
    const raw = request.startsWith('GET') ? {} : { raw: 'no JSON' }

    for (const headers of [{}, { authorization: 'Basic eDp5' }, { authorization: 'Token ' }]) {
      const { status, body } = await conduit.call(request, { ...raw, headers })
      expect({ status, body }).toEqual({ status: 401, body: { errors: { token: ['is missing'] } } })
    }
  })
})

describe('an answer', () => {
  test('may be read by any site, and a preflight says what may be asked', async () => {
    const preflight = await conduit.call('OPTIONS /articles', {
      headers: {
        origin: 'https://elsewhere.example',
        'access-control-request-method': 'PUT',
        'access-control-request-headers': 'authorization,content-type',
      },
    })
    const refused = await conduit.call('GET /user', { headers: { origin: 'https://elsewhere.example' } })

    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-headers')).toBe(
      'Content-Type,Authorization,Idempotency-Key',
    )
    expect(preflight.headers.get('access-control-allow-methods')).toContain('PUT')
    expect(refused.headers.get('access-control-allow-origin')).toBe('*')
  })

  test('for somebody logged in is kept by no cache', async () => {
    const own = await conduit.call('GET /articles', { token: writer.token })
    const login = await conduit.call('POST /users/login', { json: {} })

    expect([own, login].map(({ headers }) => headers.get('cache-control'))).toEqual(['no-store', 'no-store'])
    expect((await conduit.call('GET /articles')).headers.get('vary')).toContain('Authorization')
  })
})
