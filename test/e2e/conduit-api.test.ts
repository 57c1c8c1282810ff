// What the RealWorld contract asks of the API and the official suite does not look at: order, concurrency, expiry,
// exact counts, and what becomes of markup.

import { randomBytes, scryptSync } from 'node:crypto'
import { sign } from 'hono/jwt'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Queryable } from '../../examples/conduit/data/queryable.ts'
import { createTagReader } from '../../examples/conduit/data/tags.ts'
import { createAccounts } from '../../examples/conduit/security/accounts.ts'
import { createPasswords, type Passwords } from '../../examples/conduit/security/password.ts'
import { openConduit, PASSWORD, type Answer, type Conduit } from '../support/conduit.ts'
import { until } from '../support/until.ts'

let conduit: Conduit
beforeAll(async () => {
  conduit = await openConduit()
})
afterAll(() => conduit[Symbol.asyncDispose]())

/** Locks an article's row, as another statement on it would, until it is released. */
async function holdArticle(slug: string): Promise<{ release(): Promise<void> }> {
  const released = Promise.withResolvers<void>()
  const locked = Promise.withResolvers<void>()
  const done = conduit.tiers.database.transaction(async ({ sql }) => {
    await sql`select from articles where slug = ${slug} for update`
    locked.resolve()
    await released.promise
  })
  await locked.promise
  return {
    release() {
      released.resolve()
      return done
    },
  }
}

/** The same database, whose answers arrive when they are released. */
function slowed(database: Queryable): Queryable & { readonly answered: Promise<void>; release(): void } {
  const answered = Promise.withResolvers<void>()
  const released = Promise.withResolvers<void>()
  return {
    answered: answered.promise,
    release: released.resolve,
    async sql(text, ...values) {
      const rows = await database.sql<never>(text, ...values)
      answered.resolve()
      await released.promise
      return rows
    },
  }
}

/** Waits until so many statements wait for a lock. */
async function blocked(count: number): Promise<void> {
  await until(`${count} waiting for a lock`, 10_000, async () => {
    const [row] = await conduit.tiers.database.sql<{ n: number }>`
      select count(*)::integer as n from pg_stat_activity where wait_event_type = 'Lock'`
    return row!.n === count
  })
}

const slugs = (articles: readonly { slug: string }[]): string[] => articles.map(({ slug }) => slug)

describe('lists of articles', () => {
  test('are newest first within a page and from page to page', async () => {
    const { token, username } = await conduit.register('lister')
    const written = []
    for (const title of ['one', 'two', 'three', 'four', 'five'])
      written.push(await conduit.write(token, { title }))
    const newestFirst = written.toReversed()

    const whole = await conduit.call(`GET /articles?author=${username}`)
    const first = await conduit.call(`GET /articles?author=${username}&limit=3`)
    const second = await conduit.call(`GET /articles?author=${username}&limit=3&offset=3`)

    expect(slugs(whole.body.articles)).toEqual(newestFirst)
    expect([...slugs(first.body.articles), ...slugs(second.body.articles)]).toEqual(newestFirst)
    expect(slugs((await conduit.call('GET /articles?limit=5')).body.articles)).toEqual(newestFirst)
    expect([whole, first, second].map(({ body }) => body.articlesCount)).toEqual([5, 5, 5])
  })

  test('beyond the last article are empty and still say how many there are', async () => {
    const { token, username } = await conduit.register('lister')
    await conduit.write(token)

    const { body } = await conduit.call(`GET /articles?author=${username}&offset=1000`)

    expect(body).toEqual({ articles: [], articlesCount: 1 })
  })

  test('of something unknown are empty', async () => {
    for (const filter of ['tag=no-such', 'author=no-such', 'favorited=no-such', 'tag=%00', 'author=%00'])
      expect((await conduit.call(`GET /articles?${filter}`)).body).toEqual({ articles: [], articlesCount: 0 })
  })

  test('match every filter that is given', async () => {
    const writer = await conduit.register('writer')
    const fan = await conduit.register('fan')
    const wanted = await conduit.write(writer.token, { tagList: ['combined'] })
    const otherTag = await conduit.write(writer.token, { tagList: ['else'] })
    const otherAuthor = await conduit.write(fan.token, { tagList: ['combined'] })
    await conduit.write(writer.token, { tagList: ['combined'] })
    for (const slug of [wanted, otherTag, otherAuthor])
      await conduit.call(`POST /articles/${slug}/favorite`, { token: fan.token })

    const all = `tag=combined&author=${writer.username}&favorited=${fan.username}`
    const { body } = await conduit.call(`GET /articles?${all}`, { token: fan.token })

    expect(slugs(body.articles)).toEqual([wanted])
    expect(body.articlesCount).toBe(1)
    expect(body.articles[0].favorited).toBe(true)
    const pair = await conduit.call(`GET /articles?tag=combined&author=${writer.username}`)
    expect(pair.body.articlesCount).toBe(2)
  })

  test('count exactly while articles come and go over many connections', async () => {
    const { token, username } = await conduit.register('counter')
    const before = (await conduit.call('GET /articles')).body.articlesCount as number

    const written = await Promise.all(
      Array.from({ length: 30 }, () => conduit.write(token, { tagList: ['counted', 'shared'] })),
    )
    await Promise.all(written.slice(0, 12).map((slug) => conduit.call(`DELETE /articles/${slug}`, { token })))

    const counts = await Promise.all(
      ['', '?tag=counted', `?author=${username}`].map(
        async (query) => (await conduit.call(`GET /articles${query}`)).body.articlesCount,
      ),
    )
    expect(counts).toEqual([before + 18, 18, 18])
  })
})

describe('the feed', () => {
  test('holds what a followed author wrote before being followed, and loses it when unfollowed', async () => {
    const author = await conduit.register('author')
    const reader = await conduit.register('reader')
    const old = await conduit.write(author.token, { title: 'old' })
    const feed = async (): Promise<string[]> =>
      slugs((await conduit.call('GET /articles/feed', { token: reader.token })).body.articles)
    expect(await feed()).toEqual([])

    await conduit.call(`POST /profiles/${author.username}/follow`, { token: reader.token })
    expect(await feed()).toEqual([old])

    await conduit.call(`DELETE /profiles/${author.username}/follow`, { token: reader.token })
    expect(await feed()).toEqual([])
  })

  test('merges the followed authors newest first, over pages', async () => {
    const reader = await conduit.register('reader')
    const authors = [await conduit.register('a'), await conduit.register('b'), await conduit.register('c')]
    for (const { username } of authors)
      await conduit.call(`POST /profiles/${username}/follow`, { token: reader.token })
    const written = []
    for (const { token } of [...authors, ...authors.toReversed(), ...authors])
      written.push(await conduit.write(token))

    const pages = await Promise.all(
      [0, 4, 8, 12].map((offset) =>
        conduit.call(`GET /articles/feed?limit=4&offset=${offset}`, { token: reader.token }),
      ),
    )

    expect(pages.flatMap(({ body }) => slugs(body.articles))).toEqual(written.toReversed())
    expect(pages.map(({ body }) => body.articlesCount)).toEqual([9, 9, 9, 9])
  })
})

describe('comments', () => {
  test('are newest first', async () => {
    const { token } = await conduit.register('talker')
    const slug = await conduit.write(token)
    for (const body of ['first', 'second', 'third'])
      await conduit.call(`POST /articles/${slug}/comments`, { token, json: { comment: { body } } })

    const { body } = await conduit.call(`GET /articles/${slug}/comments`)

    expect(body.comments.map((comment: { body: string }) => comment.body)).toEqual([
      'third',
      'second',
      'first',
    ])
  })

  test('older than a given one are reached with before', async () => {
    const { token } = await conduit.register('talker')
    const slug = await conduit.write(token)
    const add = async (body: string): Promise<number> =>
      (await conduit.call(`POST /articles/${slug}/comments`, { token, json: { comment: { body } } })).body
        .comment.id
    await add('first')
    const second = await add('second')

    const { body } = await conduit.call(`GET /articles/${slug}/comments?before=${second}`)

    expect(body.comments.map((comment: { body: string }) => comment.body)).toEqual(['first'])
  })

  test('of another article cannot be deleted through this one', async () => {
    const { token } = await conduit.register('talker')
    const [here, there] = [await conduit.write(token), await conduit.write(token)]
    const made = await conduit.call(`POST /articles/${there}/comments`, {
      token,
      json: { comment: { body: 'x' } },
    })

    const refused = await conduit.call(`DELETE /articles/${here}/comments/${made.body.comment.id}`, { token })

    expect(refused.status).toBe(404)
    expect(refused.body).toEqual({ errors: { comment: ['not found'] } })
    expect((await conduit.call(`GET /articles/${there}/comments`)).body.comments).toHaveLength(1)
  })
})

describe('at the same time', () => {
  test('of twenty registrations of one name exactly one succeeds and the others are told that it is taken', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        conduit.call('POST /users', {
          json: { user: { username: 'racer', email: `racer-${index}@example.com`, password: PASSWORD } },
        }),
      ),
    )

    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      201,
      ...Array.from({ length: 19 }, () => 409),
    ])
    const refused = answers.filter(({ status }) => status === 409)
    expect(new Set(refused.map(({ text }) => text))).toEqual(
      new Set(['{"errors":{"username":["has already been taken"]}}']),
    )
  })

  test('fifty people favour one article and none is lost', async () => {
    const { token } = await conduit.register('popular')
    const slug = await conduit.write(token)
    const fans = await Promise.all(Array.from({ length: 50 }, () => conduit.register('crowd')))

    const answers = await Promise.all(
      fans.map((fan) => conduit.call(`POST /articles/${slug}/favorite`, { token: fan.token })),
    )

    expect(answers.every(({ status, body }) => status === 200 && body.article.favorited)).toBe(true)
    expect((await conduit.call(`GET /articles/${slug}`)).body.article.favoritesCount).toBe(50)
    const rest = await Promise.all(
      fans.slice(0, 20).map((fan) => conduit.call(`DELETE /articles/${slug}/favorite`, { token: fan.token })),
    )
    expect(rest.every(({ body }) => !body.article.favorited)).toBe(true)
    expect((await conduit.call(`GET /articles/${slug}`)).body.article.favoritesCount).toBe(30)
  })

  test('one person favours an article many times and counts once', async () => {
    const { token } = await conduit.register('eager')
    const slug = await conduit.write(token)

    const answers = await Promise.all(
      Array.from({ length: 20 }, () => conduit.call(`POST /articles/${slug}/favorite`, { token })),
    )

    expect(answers.map(({ body }) => body.article.favoritesCount)).toEqual(
      Array.from({ length: 20 }, () => 1),
    )
  })

  test('articles with crossing tags change and go without a deadlock reaching anybody', async () => {
    const { token } = await conduit.register('tagger')
    const rotated = ['alpha', 'beta', 'gamma', 'delta'].map((_, index, all) => [
      ...all.slice(index),
      ...all.slice(0, index),
    ])
    const written = await Promise.all(
      rotated.flatMap((tagList) => [tagList, tagList]).map((tagList) => conduit.write(token, { tagList })),
    )

    const answers = await Promise.all(
      written.flatMap((slug, index) => [
        conduit.call(`PUT /articles/${slug}`, {
          token,
          json: { article: { tagList: rotated[(index + 1) % 4]!.slice(0, 2) } },
        }),
        conduit.call(`DELETE /articles/${written[(index + 4) % 8]}`, { token }),
      ]),
    )

    expect(answers.map(({ status }) => status).filter((status) => ![200, 204, 404].includes(status))).toEqual(
      [],
    )
    expect((await conduit.call('GET /tags')).body.tags).not.toContain('alpha')
  })

  test('an article goes while somebody takes a favourite back, and both are answered', async () => {
    const { token } = await conduit.register('leaver')
    const slug = await conduit.write(token)
    const fan = await conduit.register('fickle')
    await conduit.call(`POST /articles/${slug}/favorite`, { token: fan.token })
    const held = await holdArticle(slug)

    const going = conduit.call(`DELETE /articles/${slug}`, { token })
    await blocked(1)
    const takenBack = conduit.call(`DELETE /articles/${slug}/favorite`, { token: fan.token })
    await blocked(2)
    await held.release()

    expect((await going).status).toBe(204)
    expect((await takenBack).status).toBe(404)
  })

  test('an article that its author deletes twice was there once and is then not found', async () => {
    const { token } = await conduit.register('impatient')
    const slug = await conduit.write(token)
    const held = await holdArticle(slug)

    const both = [1, 2].map(() => conduit.call(`DELETE /articles/${slug}`, { token }))
    await blocked(2)
    await held.release()

    const statuses = (await Promise.all(both)).map(({ status }) => status)
    expect(statuses.toSorted((a, b) => a - b)).toEqual([204, 404])
  })

  test('three people who want one another’s names in a circle are answered like anybody', async () => {
    const [one, two, three] = [
      await conduit.register('circle'),
      await conduit.register('circle'),
      await conduit.register('circle'),
    ]
    const rename = (token: string, username: string): Promise<Answer> =>
      conduit.call('PUT /user', { token, json: { user: { username } } })
    let answers: Promise<Answer[]> | undefined
    // The third one's change, step by step, so that each waits for the next before the circle closes.
    const third = conduit.tiers.database.transaction(
      async ({ sql }) => {
        await sql`update users set username = 'circling' where username = ${three.username}`
        const first = rename(one.token, three.username)
        await blocked(1)
        answers = Promise.all([first, rename(two.token, one.username)])
        await blocked(2)
        await sql`update users set username = ${two.username} where username = 'circling'`
      },
      { attempts: 1 },
    )

    await expect(third).rejects.toThrow('duplicate key')
    expect((await answers!).map(({ status }) => status)).toEqual([409, 409])
  })

  test('two articles of one title get different addresses', async () => {
    const { token } = await conduit.register('twin')

    const made = await Promise.all(
      Array.from({ length: 10 }, () => conduit.write(token, { title: 'Same title' })),
    )

    expect(new Set(made).size).toBe(10)
  })
})

describe('a token', () => {
  test('that has expired counts as none where one is optional and is refused where one is required', async () => {
    const now = Math.floor(Date.now() / 1000)
    const claims = { iss: 'conduit', sub: '1', iat: now - 100, exp: now - 1 }
    const token = await sign(claims, conduit.tiers.secret('jwt'), 'HS256')

    const required = await conduit.call('GET /user', { token })
    expect(required.status).toBe(401)
    expect(required.body).toEqual({ errors: { token: ['has expired'] } })
    expect((await conduit.call('GET /articles', { token })).status).toBe(200)
  })

  test('that was forged, is unsigned, or names nobody is invalid', async () => {
    const claims = { iss: 'conduit', sub: '1', exp: Math.floor(Date.now() / 1000) + 1000 }
    const base64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const tokens = [
      'nonsense',
      await sign(claims, 'another secret', 'HS256'),
      `${base64({ alg: 'none', typ: 'JWT' })}.${base64(claims)}.`,
      await sign({ ...claims, sub: '2147483647' }, conduit.tiers.secret('jwt'), 'HS256'),
      await sign({ ...claims, sub: '1 or 1=1' }, conduit.tiers.secret('jwt'), 'HS256'),
      await sign({ iss: 'conduit', sub: '1' }, conduit.tiers.secret('jwt'), 'HS256'),
    ]

    for (const token of tokens) {
      const { status, body } = await conduit.call('GET /user', { token })
      expect({ status, body }).toEqual({ status: 401, body: { errors: { token: ['is invalid'] } } })
    }
  })

  test('of somebody who exists no longer writes nothing', async () => {
    const token = await sign(
      { iss: 'conduit', sub: '2147483647', exp: Math.floor(Date.now() / 1000) + 1000 },
      conduit.tiers.secret('jwt'),
      'HS256',
    )
    const { token: author } = await conduit.register('author')
    const slug = await conduit.write(author)

    const answers = [
      await conduit.call('POST /articles', {
        token,
        json: { article: { title: 't', description: 'd', body: 'b' } },
      }),
      await conduit.call(`POST /articles/${slug}/favorite`, { token }),
      await conduit.call(`POST /articles/${slug}/comments`, { token, json: { comment: { body: 'x' } } }),
      await conduit.call('PUT /user', { token, json: { user: { bio: 'x' } } }),
    ]

    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401])
  })

  test('is taken as Token and as Bearer, and goes on working after a change of name', async () => {
    const { token } = await conduit.register('mover')
    await conduit.call('PUT /user', { token, json: { user: { username: 'moved' } } })

    const { body } = await conduit.call('GET /user', { headers: { authorization: `Bearer ${token}` } })

    expect(body.user.username).toBe('moved')
  })
})

describe('an account', () => {
  test('is found and kept unique without regard to case', async () => {
    const { username, email } = await conduit.register('Cased')
    const again = (user: object): Promise<{ status: number; body: unknown }> =>
      conduit.call('POST /users', { json: { user: { password: PASSWORD, ...user } } })

    const name = await again({ username: username.toUpperCase(), email: 'other@example.com' })
    const address = await again({ username: 'other', email: email.toUpperCase() })
    const login = await conduit.call('POST /users/login', {
      json: { user: { email: email.toUpperCase(), password: PASSWORD } },
    })

    expect([name.status, address.status, login.status]).toEqual([409, 409, 200])
    expect((await conduit.call(`GET /profiles/${username.toLowerCase()}`)).body.profile.username).toBe(
      username,
    )
  })

  test('cannot take another one’s name or address by a change', async () => {
    const [one, other] = [await conduit.register('one'), await conduit.register('other')]

    const name = await conduit.call('PUT /user', {
      token: one.token,
      json: { user: { username: other.username } },
    })
    const address = await conduit.call('PUT /user', {
      token: one.token,
      json: { user: { email: other.email } },
    })

    expect(name.body).toEqual({ errors: { username: ['has already been taken'] } })
    expect(address.body).toEqual({ errors: { email: ['has already been taken'] } })
    expect([name.status, address.status]).toEqual([409, 409])
  })

  test('is logged into with the new password alone after a change of it', async () => {
    const { token, email } = await conduit.register('changer')
    await conduit.call('PUT /user', { token, json: { user: { password: 'a brand new one' } } })
    const login = async (password: string): Promise<number> =>
      (await conduit.call('POST /users/login', { json: { user: { email, password } } })).status

    expect([await login(PASSWORD), await login('a brand new one')]).toEqual([401, 200])
  })

  test('is not logged into with a password that was changed while it was being checked', async () => {
    const { token, email } = await conduit.register('overtaken')
    const passwords = createPasswords()
    const slow: Passwords = {
      ...passwords,
      async verify(password, hash) {
        await conduit.call('PUT /user', { token, json: { user: { password: 'a brand new one' } } })
        return passwords.verify(password, hash)
      },
    }
    const accounts = createAccounts(conduit.tiers.database, slow, async () => {})

    expect(await accounts.login({ email, password: PASSWORD })).toBeUndefined()
  })

  test('keeps no password but a scrypt hash with its parameters', async () => {
    const { username } = await conduit.register('hashed')

    const rows = await conduit.tiers.database.sql<{ password_hash: string }>`
      select password_hash from users where username = ${username}`

    expect(rows[0]!.password_hash).toMatch(/^\$scrypt\$ln=14,r=8,p=5\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
  })
})

describe('a hash that is weaker than a new one', () => {
  test('is replaced at the next login', async () => {
    const { username, email } = await conduit.register('weak')
    const salt = randomBytes(16)
    const key = scryptSync(PASSWORD, salt, 32, { N: 2 ** 10, r: 8, p: 1 })
    const [saltText, keyText] = [salt, key].map((bytes) => bytes.toString('base64').replace(/=+$/, ''))
    const weak = `$scrypt$ln=10,r=8,p=1$${saltText}$${keyText}`
    await conduit.tiers.database.sql`update users set password_hash = ${weak} where username = ${username}`
    const login = (): Promise<Answer> =>
      conduit.call('POST /users/login', { json: { user: { email, password: PASSWORD } } })

    const logins = await Promise.all([login(), login(), login()])
    expect(logins.map(({ status }) => status)).toEqual([200, 200, 200])

    const [row] = await conduit.tiers.database.sql<{ hash: string }>`
      select password_hash as hash from users where username = ${username}`
    expect(row!.hash).toMatch(/^\$scrypt\$ln=14,r=8,p=5\$/)
    expect((await login()).status).toBe(200)
  })
})

describe('the list of tags', () => {
  test('has a new tag at once and loses it with its last article', async () => {
    const { token } = await conduit.register('tagger')
    const tags = async (): Promise<string[]> => (await conduit.call('GET /tags')).body.tags
    const [one, two] = [
      await conduit.write(token, { tagList: ['ephemeral'] }),
      await conduit.write(token, { tagList: ['ephemeral'] }),
    ]
    expect(await tags()).toContain('ephemeral')

    await conduit.call(`DELETE /articles/${one}`, { token })
    expect(await tags()).toContain('ephemeral')

    await conduit.call(`PUT /articles/${two}`, { token, json: { article: { tagList: [] } } })
    expect(await tags()).not.toContain('ephemeral')
  })

  test('is not older than its own question when an earlier answer comes later', async () => {
    const { token } = await conduit.register('tagger')
    const reader = createTagReader()
    const [earlier, later] = [slowed(conduit.tiers.database), slowed(conduit.tiers.database)]

    const overtaken = reader.list(earlier)
    await earlier.answered
    await conduit.write(token, { tagList: ['overtaking'] })
    await reader.list(conduit.tiers.database)
    const current = reader.list(later)
    await later.answered
    earlier.release()
    await overtaken
    later.release()

    expect(await current).toContain('overtaking')
  })

  test('of an article keeps the order it was sent in, each tag once', async () => {
    const { token } = await conduit.register('tagger')
    const slug = await conduit.write(token, { tagList: ['zebra', ' apple ', 'mango', 'zebra'] })

    expect((await conduit.call(`GET /articles/${slug}`)).body.article.tagList).toEqual([
      'zebra',
      'apple',
      'mango',
    ])
  })
})
