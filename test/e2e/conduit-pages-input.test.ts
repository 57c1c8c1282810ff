// What Conduit's pages do with input that no honest form sends: markup in every field, forms from other sites, uploads
// that are not what they say. Always a clear answer, and nothing half-applied.

import { connect } from 'node:net'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openBrowser, visitor } from './browser.ts'
import { errorsOn, formClient, registeredClient, type FormClient } from './conduit-pages-client.ts'
import { comment, openSite, PIXEL, somebody, type Site } from './conduit-pages.ts'

let site: Site
let browser: Browser

beforeAll(async () => {
  ;[site, browser] = await Promise.all([openSite(), openBrowser()])
})

afterAll(async () => {
  await browser?.close()
  await site?.[Symbol.asyncDispose]()
})

const location = (response: Response): string | null => response.headers.get('location')

describe('markup in a field', () => {
  test('is shown as text or left out, and never runs, wherever it was typed', async () => {
    const attack = `"'><img src=x onerror=document.title='ran'><script>document.title='ran'</script>`
    const unique = crypto.randomUUID().slice(0, 8)
    const person = { ...somebody('markup'), username: `<b onclick=x>${unique}` }
    const client = formClient(site.url, person)
    await client.post('/register', { ...person })
    await client.post('/settings', {
      ...person,
      password: '',
      bio: attack,
      image: 'https://x.example/"onerror="alert(1)',
    })
    const written = await client.post('/editor', {
      title: attack,
      description: attack,
      body: `${attack}\n\n[x](javascript:alert(1))`,
      tagList: `<i>${unique}`,
    })
    const paths = [
      '/',
      '/settings',
      location(written)!,
      `/editor/${location(written)!.split('/').at(-1)}`,
      `/profile/${encodeURIComponent(person.username)}`,
      `/tag/${encodeURIComponent(`<i>${unique}`)}`,
      `/login?return=${encodeURIComponent(`/"><script>document.title='ran'</script>`)}`,
      `/profile/${encodeURIComponent(attack)}`,
    ]
    await using victim = await visitor(browser, site.url)
    await victim.page.goto('/login')
    await victim.page.fill('input[name="email"]', person.email)
    await victim.page.fill('input[name="password"]', person.password)
    await victim.page.click('button[type="submit"]')
    await victim.page.waitForURL('/')
    await victim.page.goto(location(written)!)
    await comment(victim.page, `<u>${unique}</u>`)

    for (const path of paths) {
      await victim.page.goto(path)
      expect(await victim.page.title()).not.toBe('ran')
      expect(await victim.page.locator('script:not([src^="/assets/"])').count()).toBe(0)
      expect(
        await victim.page.locator('[onerror], [onclick], [href^="javascript"], main b, main u').count(),
      ).toBe(0)
    }
  })

  test('as the address of a picture is refused', async () => {
    const client = await registeredClient(site.url)
    const answer = await client.post('/settings', {
      ...client.person,
      password: '',
      image: 'javascript:alert(1)',
    })

    expect(answer.status).toBe(422)
    expect(await errorsOn(answer)).toEqual([expect.stringContaining('profile picture must be')])
  })
})

describe('a form', () => {
  test.each([
    { from: 'another site', headers: { origin: 'https://evil.example' } },
    { from: 'a page without an origin', headers: { origin: 'null' } },
    { from: 'something that does not say', headers: {} },
    { from: 'a subdomain', headers: { origin: 'https://evil.example', 'sec-fetch-site': 'same-site' } },
  ])('sent from $from does nothing', async ({ headers }) => {
    const client = await registeredClient(site.url)
    const answer = await client.post('/settings', { ...client.person, bio: 'changed', password: '' }, headers)

    expect(answer.status).toBe(403)
    expect(await (await client.get('/settings')).text()).not.toContain('changed')
  })

  test.each([
    { what: 'without a boundary', type: 'multipart/form-data', body: 'x' },
    { what: 'without its parts', type: 'multipart/form-data; boundary=x', body: 'x' },
    {
      what: 'that ends in the middle',
      type: 'multipart/form-data; boundary=x',
      body: '--x\r\ncontent-disposition: form-data; name="title"\r\n\r\nhalf',
    },
  ])('$what is answered with 400', async ({ type, body }) => {
    const client = await registeredClient(site.url)

    expect((await client.send('/editor', type, new Blob([body]))).status).toBe(400)
  })

  test('from another site does nothing either when it says that it is no form', async () => {
    const client = await registeredClient(site.url)
    const headers = { origin: 'https://evil.example', 'content-type': 'application/json' }

    expect((await client.post('/logout', {}, headers)).status).toBe(403)
    expect((await client.get('/settings')).status).toBe(200)
  })

  test('that is too large is answered with 413', async () => {
    const client = await registeredClient(site.url)
    expect((await client.post('/editor', { title: 'x'.repeat(2 ** 20) })).status).toBe(413)
  })

  test('with nothing in it says everything that is missing', async () => {
    const client = await registeredClient(site.url)
    expect(await errorsOn(await client.post('/editor', {}))).toEqual([
      "title can't be blank",
      "description can't be blank",
      "text can't be blank",
    ])
  })

  test('with a character that cannot be stored is refused', async () => {
    const client = await registeredClient(site.url)
    const answer = await client.post('/editor', { title: 'a\0b', description: 'd', body: 'b' })

    expect(answer.status).toBe(422)
    expect(await errorsOn(answer)).toEqual(['title contains a character that cannot be stored'])
  })

  test('for what belongs to somebody else is refused', async () => {
    const [owner, other] = [await registeredClient(site.url), await registeredClient(site.url)]
    const path = location(await owner.post('/editor', { title: 't', description: 'd', body: 'b' }))!

    expect((await other.post(`${path}/delete`, {})).status).toBe(403)
    expect(
      (await other.post(path.replace('article', 'editor'), { title: 'x', description: 'd', body: 'b' }))
        .status,
    ).toBe(403)
    expect((await owner.get(path)).status).toBe(200)
  })

  test('never sends a visitor to another site afterwards', async () => {
    const { person } = await registeredClient(site.url)
    const client = formClient(site.url, person)
    const answer = await client.post('/login', { ...person, return: '//evil.example/' })

    expect(location(answer)).toBe('/')
  })
})

describe('a session', () => {
  test('gets a new identifier at login and is worth nothing after logout', async () => {
    const client = await registeredClient(site.url)
    const before = client.cookies()
    await client.post('/login', { ...client.person })
    const after = client.cookies()
    await client.post('/logout', {})

    expect(after).not.toBe(before)
    for (const cookie of [before, after]) {
      const answer = await fetch(`${site.url}/settings`, { headers: { cookie }, redirect: 'manual' })
      expect(location(answer)).toBe('/login?return=%2Fsettings')
    }
  })

  test('elsewhere ends when the password is changed', async () => {
    const here = await registeredClient(site.url)
    const there = formClient(site.url, here.person)
    await there.post('/login', { ...here.person })
    await here.post('/settings', { ...here.person, password: 'another long password' })

    expect((await here.get('/settings')).status).toBe(200)
    expect((await there.get('/settings')).status).toBe(303)
  })
})

describe('an upload', () => {
  const form = (file: Blob, name = 'me.png', field = 'avatar'): FormData => {
    const data = new FormData()
    data.append(field, file, name)
    return data
  }
  const upload = async (client: FormClient, data: FormData): Promise<Response> => {
    const { headers, body } = new Response(data) as { headers: Headers; body: ReadableStream }
    return client.send('/settings/avatar', headers.get('content-type')!, await new Response(body).blob())
  }
  const pictureOf = async (client: FormClient): Promise<string | undefined> =>
    /class="form-control[^>]*value="(\/avatars[^"]*)"/s.exec(
      await (await client.get('/settings')).text(),
    )?.[1]
  const padded = (sizeBytes: number): Blob => new Blob([PIXEL, new Uint8Array(sizeBytes - PIXEL.length)])

  test('of a picture of the largest size is taken and served unchanged, to be kept for ever', async () => {
    const client = await registeredClient(site.url)
    const picture = padded(2 * 1024 * 1024)
    expect((await upload(client, form(picture, '../../../etc/passwd'))).status).toBe(303)

    const served = await client.get((await pictureOf(client))!)
    expect(served.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect(served.headers.get('content-type')).toBe('image/png')
    expect(served.headers.get('x-content-type-options')).toBe('nosniff')
    expect(await served.arrayBuffer()).toEqual(await picture.arrayBuffer())
  })

  test('replaces the picture before, whose file goes', async () => {
    const client = await registeredClient(site.url)
    await upload(client, form(padded(1000)))
    const first = (await pictureOf(client))!
    await upload(client, form(padded(2000)))

    expect(await pictureOf(client)).not.toBe(first)
    expect((await client.get(first)).status).toBe(404)
  })

  test('goes with its file when another address, or none, takes its place', async () => {
    const client = await registeredClient(site.url)
    const uploaded = async (): Promise<string> => {
      await upload(client, form(padded(1000)))
      return (await pictureOf(client))!
    }
    const token = /name="api-token" content="([^"]*)"/.exec(await (await client.get('/')).text())![1]!

    const onPages = await uploaded()
    await client.post('/settings', { ...client.person, image: '', bio: '', password: '' })
    const throughApi = await uploaded()
    const changed = await fetch(`${site.url}/api/user`, {
      method: 'PUT',
      headers: { authorization: `Token ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ user: { image: 'https://example.com/me.png' } }),
    })

    expect(changed.status).toBe(200)
    const gone = [onPages, throughApi].map(async (path) => (await client.get(path)).status)
    expect(await Promise.all(gone)).toEqual([404, 404])
  })

  test('is kept when everything else is changed', async () => {
    const client = await registeredClient(site.url)
    await upload(client, form(padded(1000)))
    const picture = (await pictureOf(client))!
    await client.post('/settings', { ...client.person, image: picture, bio: 'changed', password: '' })

    expect((await client.get(picture)).status).toBe(200)
  })

  test('of a picture and another again and again at once leaves one that is there', async () => {
    const client = await registeredClient(site.url)
    await upload(client, form(padded(1000)))

    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, index) => upload(client, form(padded(1000 + (index % 2))))),
    )

    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 303))
    expect((await client.get((await pictureOf(client))!)).status).toBe(200)
  })

  test.each([
    {
      what: 'one byte too large',
      data: () => form(padded(2 * 1024 * 1024 + 1)),
      message: 'larger than 2 MiB',
    },
    {
      what: 'of a photograph of 9 MiB',
      data: () => form(padded(9 * 1024 * 1024)),
      message: 'larger than 2 MiB',
    },
    {
      what: 'of a page that calls itself a picture',
      data: () => form(new Blob(['<script>alert(1)</script>'], { type: 'image/png' })),
      message: 'not a PNG, JPEG, WebP or GIF',
    },
    { what: 'of an empty file', data: () => form(new Blob([])), message: 'Choose a picture' },
    {
      what: 'under another field',
      data: () => form(padded(1000), 'me.png', 'other'),
      message: 'Choose a picture',
    },
  ])('$what is refused and changes nothing', async ({ data, message }) => {
    const client = await registeredClient(site.url)
    await upload(client, form(padded(1000)))
    const before = await pictureOf(client)
    const answer = await upload(client, data())

    expect(answer.status).toBe(422)
    expect(await errorsOn(answer)).toEqual([expect.stringContaining(message)])
    expect(await pictureOf(client)).toBe(before)
  })

  test.each([
    {
      what: 'that ends in the middle of the picture',
      type: 'multipart/form-data; boundary=x',
      end: 'PNGPNG',
    },
    { what: 'that ends in the middle of another field', type: 'multipart/form-data; boundary=y', end: '' },
    { what: 'that is not a form at all', type: 'image/png', end: '' },
    { what: 'whose form has no boundary', type: 'multipart/form-data', end: '' },
    { what: 'whose boundary is endless', type: `multipart/form-data; boundary=${'x'.repeat(300)}`, end: '' },
  ])('$what is refused with a message', async ({ type, end }) => {
    const client = await registeredClient(site.url)
    const head = '--x\r\ncontent-disposition: form-data; name="avatar"; filename="a.png"\r\n\r\n'
    const answer = await client.send('/settings/avatar', type, new Blob([head, PIXEL, end]))

    expect(answer.status).toBe(422)
    expect(await errorsOn(answer)).toHaveLength(1)
    expect(await pictureOf(client)).toBeUndefined()
  })

  test('whose sender goes away changes nothing', async () => {
    const client = await registeredClient(site.url)
    const { hostname, port } = new URL(site.url)
    const socket = connect(Number(port), hostname)
    socket.write(
      `POST /settings/avatar HTTP/1.1\r\nhost: ${hostname}:${port}\r\norigin: ${site.url}\r\n` +
        `cookie: ${client.cookies()}\r\ncontent-length: 100000\r\n` +
        'content-type: multipart/form-data; boundary=x\r\n\r\n--x\r\n' +
        'content-disposition: form-data; name="avatar"; filename="a.png"\r\n\r\n',
    )
    await new Promise((resolve) => socket.write(PIXEL, resolve))
    socket.destroy()

    expect(await pictureOf(client)).toBeUndefined()
    expect((await upload(client, form(padded(1000)))).status).toBe(303)
  })
})

describe('an address', () => {
  test.each([
    { path: '/?page=0', to: '/' },
    { path: '/?page=abc', to: '/' },
    { path: '/tag/nobody-uses-this?page=7', to: '/tag/nobody-uses-this' },
    { path: '/editor', to: '/login?return=%2Feditor' },
    { path: '/?feed=following', to: '/login?return=%2F%3Ffeed%3Dfollowing' },
  ])('$path leads to $to', async ({ path, to }) => {
    expect(location(await formClient(site.url).get(path))).toBe(to)
  })

  test.each([
    '/nowhere',
    '/article/none-of-this-name',
    '/profile/nobody-of-this-name',
    '/profile/%00',
    '/profile/%E0%A4%A',
    '/avatars/1/none.png',
    '/avatars/..%2F..%2Fpasswd',
    '/assets/x/none.css',
    '/assets/x/..%2f..%2fapp.ts',
  ])('%s that names nothing is answered with a page or an error of the 4xx kind', async (path) => {
    const { status } = await formClient(site.url).get(path)
    expect([400, 404, 422]).toContain(status)
  })
})

describe('what the browser is told', () => {
  test('a page runs nothing inline, is framed by nobody, and is guessed at by nobody', async () => {
    const { headers } = await formClient(site.url).get('/')
    const policy = headers.get('content-security-policy')

    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toContain('unsafe')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('referrer-policy')).toBe('strict-origin-when-cross-origin')
  })

  test('a page for somebody logged in is never stored', async () => {
    const client = await registeredClient(site.url)
    expect((await client.get('/')).headers.get('cache-control')).toBe('private, no-store')
    expect((await formClient(site.url).get('/')).headers.get('cache-control')).toBe('no-cache')
  })

  test('style sheet and script are small and kept for ever', async () => {
    const page = await (await formClient(site.url).get('/')).text()
    const paths = [...page.matchAll(/"(\/assets\/[\w-]{12}\/conduit\.(?:css|js))"/g)].map(
      (match) => match[1]!,
    )
    const assets = await Promise.all(paths.map((path) => fetch(site.url + path)))
    const sizes = await Promise.all(assets.map(async (asset) => (await asset.arrayBuffer()).byteLength))

    expect(assets.map(({ headers }) => headers.get('cache-control'))).toEqual(
      Array(2).fill('public, max-age=31536000, immutable'),
    )
    expect(sizes.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(24 * 1024)
  })
})
